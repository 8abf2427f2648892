import { type ClusterBench, OURS } from './bench.js'

/** Full load for five minutes (150 times one measurement, which is 2 s by default): how many elections there are. */
export async function steady(bench: ClusterBench): Promise<void> {
  const { recorder, options } = bench
  const duration = options.duration * 150
  const what = 'elections'
  const at = `128 B, 1000 outstanding, ${duration / 1000} s`
  await bench.with(3, async (subjects) => {
    for (const subject of subjects) {
      if (subject.name !== OURS) continue
      const before = await subject.term()
      await bench.load(subject, { at, operations: 'writes/s' }, { duration })
      recorder.add({ what, at, by: subject.name }, (await subject.term()) - before)
    }
  })
  recorder.expect(what, at, OURS, { atMost: 0 })
}
