import { connect, type RaftClient, RequestError } from '@raft/client'
import { expect, test } from 'vitest'
import { startCluster } from './harness.js'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('eight clients count with compare-and-set while leaders are killed and paused: nothing is counted twice or lost, no read is stale', async () => {
  const cluster = await startCluster()
  const seen = { succeeded: 0, unknown: 0, stale: 0 }
  /** The highest count that somebody has read or written. */
  let reached = 0
  let stopped = false
  const countOnce = async (client: RaftClient) => {
    const reachedBefore = reached
    const entry = await client.getEntry('n', { timeout: 3000 })
    const value = (entry?.value ?? 0) as number
    if (value < reachedBefore) seen.stale += 1
    const { succeeded } = await client.compareAndSet('n', entry?.modRevision ?? 0, value + 1, { timeout: 3000 })
    if (succeeded) seen.succeeded += 1
    reached = Math.max(reached, succeeded ? value + 1 : value)
  }
  const count = async () => {
    const client = await connect({ members: cluster.addresses })
    while (!stopped) await countOnce(client).catch(note)
    await client.close()
  }
  const note = (error: unknown) => {
    if (!(error instanceof RequestError)) throw error
    if (error.outcomeUnknown) seen.unknown += 1
  }
  const counting = Array.from({ length: 8 }, count)
  for (let round = 0; round < 2; round++) {
    await pause(500)
    const killed = await cluster.leader()
    await killed.end('SIGKILL')
    await pause(500)
    killed.start()
    await killed.ready()
    const paused = await cluster.leader()
    paused.signal('SIGSTOP')
    await pause(2000)
    paused.signal('SIGCONT')
    await pause(500)
  }
  stopped = true
  await Promise.all(counting)
  const client = await connect({ members: cluster.addresses })
  const final = (await client.get('n')) as number
  await client.close()
  expect(seen.stale).toBe(0)
  expect(seen.succeeded).toBeGreaterThan(100)
  expect(final).toBeGreaterThanOrEqual(seen.succeeded)
  expect(final).toBeLessThanOrEqual(seen.succeeded + seen.unknown)
})
