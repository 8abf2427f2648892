import { type Entry, RaftClient } from '@raft/client'
import { expect, onTestFinished, test } from 'vitest'
import type { MemberProcess } from '../../src/local/member-process.js'
import { others, put, startCluster } from './harness.js'

const local = { consistency: 'local' } as const

async function clientOf(members: readonly string[]): Promise<RaftClient> {
  const client = new RaftClient({ members })
  onTestFinished(() => client.close())
  await client.waitForLeader()
  return client
}

test('a follower stopped by SIGSTOP, which was read from: local reads, pages and statuses go on, and it is read from again', async () => {
  const cluster = await startCluster()
  const leader = await cluster.leader()
  const [stopped, running] = others(cluster, leader) as [MemberProcess, MemberProcess]
  for (let i = 0; i < 10; i++) await put(leader, `k${i}`, String(i))
  const client = await clientOf(cluster.addresses)
  // Whichever follower is connected first is read from; both are, in turn.
  for (const [one, other] of [
    [stopped, running],
    [running, stopped],
  ] as const) {
    one.signal('SIGSTOP')
    onTestFinished(() => one.signal('SIGCONT'))
    const startedAt = performance.now()
    expect(await client.get('k3', local)).toBe(3)
    const entries: Entry<unknown>[] = []
    for await (const entry of client.range({ ...local, prefix: 'k', pageSize: 3 })) entries.push(entry)
    expect(entries.map(({ value }) => value)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect((await client.status()).memberId).toBe(leader.id)
    const statuses = await client.statusOfAll()
    expect(new Map(statuses.map(({ address, error }) => [address, error?.code ?? null]))).toEqual(
      new Map([
        [leader.clientAddress, null],
        [other.clientAddress, null],
        [one.clientAddress, 'RAFT_CONNECTION'],
      ]),
    )
    // Far below the 10 seconds of a call that waits for it: a moment for the reads, a second for its status.
    expect(performance.now() - startedAt).toBeLessThan(6_000)
    one.signal('SIGCONT')
    await expect.poll(() => client.status(one.clientAddress).then(({ role }) => role), { timeout: 10_000 }).toBe('follower')
  }
})
