import { type ClusterBench, OURS } from './bench.js'
import { fill } from './fill.js'
import type { Subject } from './subject.js'
import { connectTo } from './target.js'

const ENTRIES = 1_000_000

/**
 * All members killed and started again, with a million entries of 128 B in the log: until a linearizable read is answered. Each
 * alone on the machine: a restart takes all processors, and the members of another would take their part of them. They serve until
 * they are killed: how much of files that nobody has used for minutes is still in the system's memory is anybody's guess.
 */
export async function restart(bench: ClusterBench): Promise<void> {
  const { recorder, options, other } = bench
  const what = 'restart of all members to the first linearizable read, s'
  const at = `${ENTRIES.toLocaleString('en')} entries of 128 B in the log`
  await bench.with(3, async (subjects) => {
    for (const subject of subjects) await fill(subject, { entries: ENTRIES, keys: 100_000, valueBytes: 128 })
    for (const subject of subjects) await subject.end()
    await bench.rounds(subjects, async (subject) => {
      await startToServe(subject)
      await subject.end()
      const took = await startToServe(subject)
      await subject.end()
      recorder.add({ what, at, by: subject.name }, took)
      options.say(`${subject.name}: ${what}: ${took.toFixed(2)}`)
    })
  })
  if (other !== null) recorder.compare(what, at, OURS, other)
  recorder.expect(what, at, OURS, { atMost: 3 })
}

/** Gives how long it took, in s. */
async function startToServe(subject: Subject): Promise<number> {
  const startedAt = performance.now()
  await subject.start()
  const target = connectTo(subject.kind, subject.addresses)
  await target.get('0')
  const took = (performance.now() - startedAt) / 1000
  await target.close()
  return took
}
