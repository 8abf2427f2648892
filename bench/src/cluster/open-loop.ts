import { type ClusterBench, OURS } from './bench.js'
import { runLoad } from './run-load.js'

/** Offered writes a second. */
const OFFERED = [1000, 3000, 10_000, 30_000, 60_000, 90_000]
/** So many are under way when the other side is brought to its top rate: more add to its latency, and little to its rate. */
const AT_ITS_TOP = 256

/** Latencies when writes come at a rate of their own: at several, and at the top rate of the other side. */
export async function openLoop(bench: ClusterBench): Promise<void> {
  const { recorder, options, other } = bench
  await bench.with(3, async (subjects) => {
    const ours = subjects.filter(({ name }) => name === OURS)
    for (const rate of OFFERED) {
      const x = { name: 'writes/s offered', value: rate }
      await bench.rounds(ours, (subject) => bench.load(subject, { at: 'open loop, 128 B', x, operations: 'writes/s' }, { rate }))
    }
    const theirs = subjects.find(({ name }) => name === other)
    if (theirs === undefined || other === null) return
    const what = 'p99 latency, ms'
    const at = `128 B, at the top rate of ${other}`
    for (let round = 0; round < options.rounds; round++) {
      const load = {
        valueBytes: 128,
        readShare: 0,
        keys: 10_000,
        processes: 2,
        isFilledFirst: false,
        warmUp: 1000,
        duration: options.duration,
      }
      const top = await runLoad({ ...load, target: theirs.kind, addresses: theirs.addresses, outstanding: AT_ITS_TOP, rate: null })
      recorder.add({ what, at, by: other }, top.latencies.getValueAtPercentile(99) / 1000)
      for (const { kind, addresses } of ours) {
        const { latencies } = await runLoad({ ...load, target: kind, addresses, outstanding: 1, rate: top.rate })
        recorder.add({ what, at, by: OURS }, latencies.getValueAtPercentile(99) / 1000)
      }
      options.say(`at ${Math.round(top.rate)} writes/s, the top rate of ${other}: p99 of both is measured`)
    }
    recorder.compare(what, at, OURS, other, { atMost: 0.2 })
  })
}
