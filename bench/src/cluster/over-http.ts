import { type ClusterBench, OURS } from './bench.js'
import { fill } from './fill.js'
import type { Subject } from './subject.js'
import { runWrk, type WrkOutcome } from './wrk.js'

const KEYS = 10_000
const MANY = 256
/** So many times as long as a measurement usually takes: for ten seconds a server in Node gets faster under HTTP, which is much code. */
const WARM_UP = 5
/** So many times as long: all connections are new, and rates differ more than those of our own protocol. */
const MEASURED = 2

interface HttpLoad {
  readonly operation: 'put' | 'get'
  readonly connections: number
}

/** Both sides loaded over HTTP by the same wrk script, at the member that leads. */
export async function overHttp(bench: ClusterBench): Promise<void> {
  await bench.with(3, async (subjects) => {
    for (const subject of subjects) {
      await fill(subject, { entries: KEYS, keys: KEYS, valueBytes: 128 })
      for (const operation of ['put', 'get'] as const) await load(bench, subject, { operation, connections: MANY }, WARM_UP)
    }
    for (const connections of [MANY, 1]) {
      await measure(bench, subjects, { operation: 'put', connections })
      await measure(bench, subjects, { operation: 'get', connections })
    }
  })
}

async function load(bench: ClusterBench, subject: Subject, { operation, connections }: HttpLoad, times: number): Promise<WrkOutcome> {
  const { duration, directory } = bench.options
  const address = await subject.leaderAddress()
  return runWrk({
    target: subject.kind,
    address,
    operation,
    connections,
    valueBytes: 128,
    keys: KEYS,
    duration: times * duration,
    directory,
  })
}

async function measure(bench: ClusterBench, subjects: readonly Subject[], httpLoad: HttpLoad): Promise<void> {
  const { recorder, options, other } = bench
  const { operation, connections } = httpLoad
  const what = operation === 'put' ? 'writes/s' : 'linearizable reads/s'
  const at = `HTTP, 128 B, connections: ${connections}`
  const latencyAt = `${at}, ${operation === 'put' ? 'writes' : 'reads'}`
  await bench.rounds(subjects, async (subject) => {
    const { name } = subject
    const { rate, median, p99 } = await load(bench, subject, httpLoad, MEASURED)
    recorder.add({ what, at, by: name }, rate)
    recorder.add({ what: 'median latency, ms', at: latencyAt, by: name }, median)
    recorder.add({ what: 'p99 latency, ms', at: latencyAt, by: name }, p99)
    options.say(`${name}: ${at}: ${Math.round(rate)} ${what}, median ${median} ms`)
  })
  const isPromised = other === 'etcd' && operation === 'put' && connections > 1
  if (other !== null) recorder.compare(what, at, OURS, other, isPromised ? { atLeast: 2.5 } : null)
}
