import { type ClusterBench, OURS } from './bench.js'
import { fill } from './fill.js'
import type { Subject } from './subject.js'
import { runWrk } from './wrk.js'

const KEYS = 10_000
/** In ms: so long a server in Node gets faster under HTTP, which is far more code than the client protocol. */
const WARM_UP = 10_000

interface HttpLoad {
  readonly operation: 'put' | 'get'
  readonly connections: number
}

/** Both sides loaded over HTTP by the same wrk script, at the member that leads. */
export async function overHttp(bench: ClusterBench): Promise<void> {
  await bench.with(3, async (subjects) => {
    for (const subject of subjects) await fill(subject, { entries: KEYS, keys: KEYS, valueBytes: 128 })
    for (const connections of [256, 1]) {
      await measure(bench, subjects, { operation: 'put', connections })
      await measure(bench, subjects, { operation: 'get', connections })
    }
  })
}

async function measure(bench: ClusterBench, subjects: readonly Subject[], { operation, connections }: HttpLoad): Promise<void> {
  const { recorder, options, other } = bench
  const { duration, directory } = options
  const what = operation === 'put' ? 'writes/s' : 'linearizable reads/s'
  const at = `HTTP, 128 B, connections: ${connections}`
  const latencyAt = `${at}, ${operation === 'put' ? 'writes' : 'reads'}`
  await bench.rounds(subjects, async (subject) => {
    const { name, kind } = subject
    const load = { target: kind, address: await subject.leaderAddress(), operation, connections, valueBytes: 128, keys: KEYS, directory }
    await runWrk({ ...load, duration: Math.min(WARM_UP, 2 * duration) })
    const { rate, median, p99 } = await runWrk({ ...load, duration })
    recorder.add({ what, at, by: name }, rate)
    recorder.add({ what: 'median latency, ms', at: latencyAt, by: name }, median)
    recorder.add({ what: 'p99 latency, ms', at: latencyAt, by: name }, p99)
    options.say(`${name}: ${at}: ${Math.round(rate)} ${what}, median ${median} ms`)
  })
  const isPromised = other === 'etcd' && operation === 'put' && connections > 1
  if (other !== null) recorder.compare(what, at, OURS, other, isPromised ? { atLeast: 2.5 } : null)
}
