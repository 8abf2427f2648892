import { type ClusterBench, OURS } from './bench.js'
import { etcdCheck } from './etcd-check.js'
import { failOver } from './fail-over.js'
import { fill } from './fill.js'
import { openLoop } from './open-loop.js'
import { overHttp } from './over-http.js'
import { restart } from './restart.js'
import { steady } from './steady.js'
import type { Subject } from './subject.js'
import { runWrk } from './wrk.js'

/** A set of measurements that can be asked for alone. */
export interface Group {
  readonly name: string
  readonly description: string
  run(bench: ClusterBench): Promise<void>
}

const WRITES = 'writes/s'
const READS = 'linearizable reads/s'
const BY_WRK = 'etcd, by wrk over HTTP'
const BY_ETCDCTL = 'etcd, by its own etcdctl'
/** etcd is asked in all these ways, and its best counts. */
const WAYS = ['etcd', BY_WRK, BY_ETCDCTL]

export const groups: readonly Group[] = [
  { name: 'writes', description: 'values of 16 B to 64 kB, 1000 outstanding', run: writes },
  { name: 'outstanding', description: '1 to 4096 writes of 128 B outstanding', run: outstanding },
  { name: 'reads', description: 'linearizable reads among the writes: 0, 50, 90 and 100 %', run: reads },
  { name: 'http', description: 'the same wrk script for both, 256 connections and one', run: overHttp },
  { name: 'open', description: 'latency when writes come at a rate of their own', run: openLoop },
  { name: 'members', description: 'three, five and seven members', run: members },
  { name: 'keys', description: '10 thousand to 10 million keys in the store', run: keys },
  { name: 'length', description: '100 thousand to 10 million entries in the log', run: length },
  { name: 'fail-over', description: 'kill -9 of the leader to the next acknowledged write', run: failOver },
  { name: 'restart', description: 'restart with a million entries in the log', run: restart },
  { name: 'steady', description: 'five minutes of full load: no election', run: steady },
]

async function writes(bench: ClusterBench): Promise<void> {
  const { recorder, other } = bench
  await bench.with(3, async (subjects) => {
    for (const valueBytes of [128, 1024, 16, 4096, 16_384, 65_536]) {
      const at = `${valueBytes} B, 1000 outstanding`
      await bench.rounds(subjects, async (subject) => {
        await bench.load(subject, { at, operations: WRITES }, { valueBytes })
        if (subject.kind === 'etcd' && valueBytes <= 1024) await byWrk(bench, subject, 'put', valueBytes, WRITES, at)
      })
    }
    const etcd = subjects.find(({ kind }) => kind === 'etcd')
    const large = '1024 B, 1000 outstanding'
    if (etcd !== undefined) recorder.add({ what: WRITES, at: large, by: BY_ETCDCTL }, await etcdCheck(etcd.addresses))
    const others = etcd !== undefined ? WAYS : (other ?? [])
    recorder.compare(WRITES, '128 B, 1000 outstanding', OURS, others, etcd === undefined ? null : { atLeast: 20 })
    recorder.compare(WRITES, large, OURS, others, etcd === undefined ? null : { atLeast: 10 })
    for (const valueBytes of [16, 4096, 16_384, 65_536]) recorder.compare(WRITES, `${valueBytes} B, 1000 outstanding`, OURS, others)
  })
}

async function outstanding(bench: ClusterBench): Promise<void> {
  await bench.with(3, async (subjects) => {
    for (const outstanding of [1, 4, 16, 64, 256, 1024, 4096]) {
      const x = { name: 'outstanding', value: outstanding }
      await bench.rounds(subjects, (subject) => bench.load(subject, { at: '128 B', x, operations: WRITES }, { outstanding }))
    }
    const what = 'median latency, ms'
    const at = '128 B, a single client'
    await bench.rounds(subjects, async (subject) => {
      // Our client asks the leader; etcd's member that does not lead would only make it wait longer.
      const addresses = subject.kind === 'etcd' ? [await subject.leaderAddress()] : subject.addresses
      await bench.load(subject, { at, operations: WRITES }, { outstanding: 1, addresses })
    })
    if (bench.other !== null) bench.recorder.compare(what, at, OURS, bench.other, bench.other === 'etcd' ? { atMost: 0.5 } : null)
  })
}

async function reads(bench: ClusterBench): Promise<void> {
  const { recorder, other } = bench
  await bench.with(3, async (subjects) => {
    const at = '128 B, 1000 outstanding, nothing but reads'
    await bench.rounds(subjects, async (subject) => {
      await bench.load(subject, { at, operations: READS }, { readShare: 1, isFilledFirst: true })
      if (subject.kind === 'etcd') await byWrk(bench, subject, 'get', 128, READS, at)
    })
    for (const share of [0, 50, 90]) {
      const x = { name: '% reads', value: share }
      await bench.rounds(subjects, (subject) => bench.load(subject, { at: '128 B, 1000 outstanding', x }, { readShare: share / 100 }))
    }
    const isEtcd = other === 'etcd'
    recorder.compare(READS, at, OURS, isEtcd ? WAYS : (other ?? []), isEtcd ? { atLeast: 30 } : null)
  })
}

async function members(bench: ClusterBench): Promise<void> {
  for (const count of [3, 5, 7]) {
    await bench.with(count, async (subjects) => {
      const x = { name: 'members', value: count }
      await bench.rounds(subjects, (subject) => bench.load(subject, { at: '128 B, 1000 outstanding', x, operations: WRITES }, {}))
    })
  }
}

async function keys(bench: ClusterBench): Promise<void> {
  await bench.with(3, async (subjects) => {
    for (const keys of [10_000, 100_000, 1_000_000, 10_000_000]) {
      const x = { name: 'keys', value: keys }
      for (let round = 0; round < bench.options.rounds; round++)
        for (const subject of subjects)
          await bench.load(subject, { at: '128 B, 1000 outstanding', x, operations: WRITES }, { keys, isFilledFirst: round === 0 })
    }
  })
}

/** The log grows while it is measured too: it has at least so many entries. */
async function length(bench: ClusterBench): Promise<void> {
  await bench.with(3, async (subjects) => {
    for (const entries of [100_000, 1_000_000, 10_000_000]) {
      for (const subject of subjects) await fill(subject, { entries, keys: 10_000, valueBytes: 128 })
      const x = { name: 'entries in the log', value: entries }
      await bench.rounds(subjects, (subject) => bench.load(subject, { at: '128 B, 1000 outstanding', x, operations: WRITES }, {}))
    }
  })
}

async function byWrk(bench: ClusterBench, subject: Subject, operation: 'put' | 'get', valueBytes: number, what: string, at: string) {
  const { duration, directory } = bench.options
  const load = { target: subject.kind, operation, connections: 256, valueBytes, keys: 10_000, duration, directory }
  const { rate } = await runWrk({ ...load, address: await subject.leaderAddress() })
  bench.recorder.add({ what, at, by: BY_WRK }, rate)
  bench.options.say(`etcd, by wrk: ${Math.round(rate)} ${what}`)
}
