import { setTimeout as sleep } from 'node:timers/promises'
import { type ClusterBench, OURS } from './bench.js'
import type { Subject } from './subject.js'
import { connectTo } from './target.js'

/** In ms: one write is tried again after this long without an answer. */
const TRY = 250
const TIMEOUT = 30_000

/** kill -9 of the leader, and the time until a write that began after it is acknowledged. */
export async function failOver(bench: ClusterBench): Promise<void> {
  const { recorder, options, other } = bench
  const what = 'kill -9 of the leader to the next acknowledged write, ms'
  const at = 'default timings'
  await bench.with(3, async (subjects) => {
    await bench.rounds(subjects, async (subject) => {
      const took = await outage(subject)
      recorder.add({ what, at, by: subject.name }, took)
      options.say(`${subject.name}: ${what}: ${Math.round(took)}`)
      await subject.start()
      // Until what the member missed is with it, and the next round finds the cluster as the first did.
      await sleep(2000)
    })
  })
  if (other !== null) recorder.compare(what, at, OURS, other)
  recorder.expect(what, at, OURS, { atMost: 400 })
}

async function outage(subject: Subject): Promise<number> {
  // Who has connected before, as a client in use has: one to the cluster, or where a client takes one member, one to each.
  const writers = subject.addresses.map((address) => connectTo(subject.kind, subject.kind === 'raft' ? subject.addresses : [address]))
  const over = new AbortController()
  try {
    await Promise.all(writers.map((writer) => writer.put('before', new Uint8Array(1))))
    await subject.killLeader()
    const killedAt = performance.now()
    await Promise.any(writers.map((writer) => keepWriting(() => writer.put('after', new Uint8Array(1)), over.signal)))
    return performance.now() - killedAt
  } finally {
    over.abort()
    await Promise.all(writers.map((writer) => writer.close()))
  }
}

/** Tries until a write is acknowledged. */
async function keepWriting(put: () => Promise<unknown>, over: AbortSignal): Promise<void> {
  const deadline = performance.now() + TIMEOUT
  while (!over.aborted && performance.now() < deadline) {
    const isDone = await Promise.race([
      put().then(
        () => true,
        () => sleep(5, false),
      ),
      sleep(TRY, false),
    ])
    if (isDone) return
  }
  throw new Error(`no write is acknowledged within ${TIMEOUT} ms`)
}
