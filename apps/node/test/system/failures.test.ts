import { expect, test } from 'vitest'
import type { MemberProcess } from '../../src/local/member-process.js'
import { acknowledgedMore, expectWhole, get, others, put, startCluster, startWriter, until } from './harness.js'

test('start, put, get from every member, kill -9 the leader, get and put', async () => {
  const cluster = await startCluster()
  const leader = await cluster.leader()
  expect((await put(leader, 'a/b', 'one')).status).toBe(200)
  for (const member of cluster.members) expect(await get(member, 'a/b')).toMatchObject({ status: 200, text: 'one' })
  await leader.end('SIGKILL')
  const killedAt = performance.now()
  for (const member of others(cluster, leader)) expect(await get(member, 'a/b')).toMatchObject({ status: 200, text: 'one' })
  expect((await put(others(cluster, leader)[0] as MemberProcess, 'c', 'two')).status).toBe(200)
  expect(performance.now() - killedAt).toBeLessThan(2000)
})

test('kill -9 of the leader and its return: no acknowledged write is lost, and writes go on within two seconds', async () => {
  const cluster = await startCluster()
  const writer = startWriter(cluster)
  await acknowledgedMore(writer)
  const leader = await cluster.leader()
  await leader.end('SIGKILL')
  await acknowledgedMore(writer)
  leader.start()
  await leader.ready()
  await acknowledgedMore(writer)
  await writer.stop()
  expect(writer.longestPause).toBeLessThan(2000)
  await expectWhole(cluster, writer)
})

test('kill -9 of a follower and its return: it catches up', async () => {
  const cluster = await startCluster()
  const writer = startWriter(cluster)
  const follower = others(cluster, await cluster.leader())[0] as MemberProcess
  await acknowledgedMore(writer)
  await follower.end('SIGKILL')
  await acknowledgedMore(writer)
  follower.start()
  await follower.ready()
  await writer.stop()
  await expectWhole(cluster, writer)
})

test('kill -9 of all members at once: what was acknowledged is there when they come back', async () => {
  const cluster = await startCluster()
  const writer = startWriter(cluster)
  await acknowledgedMore(writer, 50)
  await cluster.end('SIGKILL')
  await cluster.start()
  await acknowledgedMore(writer)
  await writer.stop()
  await expectWhole(cluster, writer)
})

test('a leader stopped by SIGSTOP for longer than an election: another takes over, and it follows when it wakes', async () => {
  const cluster = await startCluster()
  const writer = startWriter(cluster)
  await acknowledgedMore(writer)
  const leader = await cluster.leader()
  leader.signal('SIGSTOP')
  let successor: MemberProcess | undefined
  await until('another member leads', async () => {
    for (const member of others(cluster, leader)) {
      const { role } = (await member.getJson('/v1/status')) as { role: string }
      if (role === 'leader') successor = member
    }
    return successor !== undefined
  })
  await acknowledgedMore(writer)
  leader.signal('SIGCONT')
  await until('it follows', async () => {
    const { role, leaderId } = (await leader.getJson('/v1/status')) as { role: string; leaderId: string | null }
    return role === 'follower' && leaderId !== null
  })
  await acknowledgedMore(writer)
  await writer.stop()
  await expectWhole(cluster, writer)
})

test('a leader stopped by SIGSTOP while others forward to it: reads go to the next leader, writes end as unknown, long before their time is over', async () => {
  const cluster = await startCluster({ config: { timing: { requestTimeout: 600_000 } } })
  const leader = await cluster.leader()
  const followers = others(cluster, leader)
  // Both have a connection to the leader then.
  for (const follower of followers) expect((await put(follower, 'k', 'v')).status).toBe(200)
  leader.signal('SIGSTOP')
  const answers = await Promise.all(followers.flatMap((follower) => [get(follower, 'k'), put(follower, 'l', 'w')]))
  expect(answers.map(({ status }) => status)).toEqual([200, 504, 200, 504])
  leader.signal('SIGCONT')
})

test('SIGTERM: a member answers what waits, exits with 0, and all members together come back with everything', async () => {
  const cluster = await startCluster()
  const writer = startWriter(cluster)
  await acknowledgedMore(writer)
  const exits = await Promise.all(cluster.members.map((member) => member.end('SIGTERM')))
  expect(exits).toEqual(cluster.members.map(() => ({ code: 0, signal: null })))
  await cluster.start()
  await acknowledgedMore(writer)
  await writer.stop()
  await expectWhole(cluster, writer)
})
