import { bytes, connect } from '@raft/client'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { MemberProcess } from '../../src/local/member-process.js'
import type { ProcessCluster } from '../../src/local/process-cluster.js'
import { acknowledgedMore, expectWhole, get, others, put, startCluster, startWriter, until } from './harness.js'
import { NamespaceNetwork, whyNoNamespaces } from './network-namespaces.js'

/*
 * Real members on hosts of their own, whose network is cut and loses what it carries. The test reaches every member all the
 * time, as clients do that are on the wrong side of a partition.
 */

const reason = whyNoNamespaces()
const name = reason === null ? 'members on a network' : `members on a network (skipped: ${reason})`

interface Status {
  readonly role: string
  readonly term: number
  readonly leaderId: string | null
}

const statusOf = async (member: MemberProcess) => (await member.getJson('/v1/status')) as Status
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function start(members: number, config: object = {}) {
  const network = new NamespaceNetwork(members)
  const cluster = await startCluster({ hosts: network.hosts, config: { timing: { requestTimeout: 2000 }, ...config } })
  return { network, cluster, placeOf: (member: MemberProcess) => cluster.members.indexOf(member) }
}

/** Asks these members again and again, several times at once, until one acknowledges a write; how long that took, in ms. */
async function untilWritable(members: readonly MemberProcess[], timeout: number): Promise<number> {
  const startedAt = performance.now()
  let acknowledgedAt: number | null = null
  const attempts: Promise<void>[] = []
  for (let n = 0; acknowledgedAt === null && performance.now() - startedAt < timeout; n++) {
    const attempt = put(members[n % members.length] as MemberProcess, 'probe', `${n}`, timeout)
      .then((answer) => {
        if (answer.status === 200) acknowledgedAt ??= performance.now()
      })
      .catch(() => {})
    attempts.push(attempt)
    await pause(25)
  }
  if (acknowledgedAt === null) throw new Error(`no write was acknowledged within ${timeout} ms`)
  await Promise.all(attempts)
  return acknowledgedAt - startedAt
}

async function leaderAmong(members: readonly MemberProcess[]): Promise<MemberProcess> {
  let leader: MemberProcess | undefined
  await until('one of them leads', async () => {
    for (const member of members) if ((await statusOf(member)).role === 'leader') leader = member
    return leader !== undefined
  })
  return leader as MemberProcess
}

async function expectOneLeader(cluster: ProcessCluster): Promise<void> {
  await until('all agree on a leader', async () => {
    const statuses = await Promise.all(cluster.members.map(statusOf))
    return statuses.filter(({ role }) => role === 'leader').length === 1 && new Set(statuses.map(({ leaderId }) => leaderId)).size === 1
  })
}

/** The answer, and when it came. */
async function ended<T>(answering: Promise<T>): Promise<{ answer: T; at: number }> {
  const answer = await answering
  return { answer, at: performance.now() }
}

/** When this member has come to know that another leads than before. */
async function nextLeaderKnownAt(member: MemberProcess, before: MemberProcess): Promise<number> {
  await until('the next leader is known', async () => {
    const { leaderId } = await statusOf(member)
    return leaderId !== null && leaderId !== before.id
  })
  return performance.now()
}

describe.skipIf(reason !== null)(name, () => {
  test('a leader that is cut off: the rest is writable within two seconds, it acknowledges nothing, and follows when it is back', async () => {
    const { network, cluster, placeOf } = await start(3)
    const writer = startWriter(cluster)
    await acknowledgedMore(writer)
    const old = await cluster.leader()
    const rest = others(cluster, old)
    network.isolate(placeOf(old))
    const unheard = put(old, 'unheard', 'of')
    expect(await untilWritable(rest, 10_000)).toBeLessThan(2000)
    // Sent while it still thought that it led: outcome unknown. Later: no leader there.
    expect((await unheard).status).toBe(504)
    await until('it knows that it leads no more', async () => (await statusOf(old)).role !== 'leader')
    expect((await put(old, 'refused', 'here')).status).toBe(503)
    expect((await get(old, 'probe')).status).toBe(503)
    network.heal()
    await acknowledgedMore(writer)
    await writer.stop()
    await expectOneLeader(cluster)
    await expectWhole(cluster, writer)
    for (const member of cluster.members) expect((await get(member, 'refused')).status).toBe(404)
    // What it appended alone was never committed, and the new leader's entries are in its place.
    for (const member of cluster.members) expect((await get(member, 'unheard', 'local')).status).toBe(404)
  })

  test('a leader that is cut off: what a follower had forwarded to it goes to the next leader, or ends as unknown, as soon as that is known', async () => {
    // Far more than the test takes: nothing ends because its time is over.
    const { network, cluster, placeOf } = await start(3, { timing: { requestTimeout: 60_000 } })
    const old = await cluster.leader()
    const [follower] = others(cluster, old) as [MemberProcess]
    expect((await put(follower, 'k', 'v')).status).toBe(200)
    network.isolate(placeOf(old))
    const read = ended(get(follower, 'k'))
    const write = ended(put(follower, 'w', 'v', 60_000))
    const knownAt = await nextLeaderKnownAt(follower, old)
    const afterwards = ended(put(follower, 'k', 'v2'))
    expect((await read).answer).toMatchObject({ status: 200, text: 'v' })
    expect((await write).answer.status).toBe(504)
    expect((await afterwards).answer.status).toBe(200)
    for (const { at } of [await read, await write, await afterwards]) expect(at - knownAt).toBeLessThan(1000)
    network.heal()
  })

  test('a leader whose machine is gone: what a client had asked it goes to the next leader, or ends as unknown, soon after there is one', async () => {
    const { network, cluster, placeOf } = await start(3, { timing: { requestTimeout: 60_000 } })
    const client = await connect({ members: cluster.addresses, codec: bytes, requestTimeout: 60_000 })
    onTestFinished(() => client.close())
    await client.put('k', Buffer.from('v'))
    const old = await cluster.leader()
    const rest = others(cluster, old)
    network.unplug(placeOf(old))
    const read = ended(client.get('k'))
    const write = ended(client.put('w', Buffer.from('v')).catch((error: { code: string }) => error.code))
    const knownAt = await nextLeaderKnownAt(rest[0] as MemberProcess, old)
    const afterwards = ended(client.put('k', Buffer.from('v2')))
    expect(Buffer.from((await read).answer ?? []).toString()).toBe('v')
    expect((await write).answer).toBe('RAFT_OUTCOME_UNKNOWN')
    for (const { at } of [await read, await write, await afterwards]) expect(at - knownAt).toBeLessThan(2000)
    network.heal()
  })

  test('a leader that is heard and hears nobody steps down, and the rest goes on', async () => {
    const { network, cluster, placeOf } = await start(3)
    const writer = startWriter(cluster)
    await acknowledgedMore(writer)
    const old = await cluster.leader()
    const rest = others(cluster, old)
    for (const member of rest) network.cut(placeOf(member), placeOf(old))
    expect(await untilWritable(rest, 15_000)).toBeLessThan(5000)
    expect((await leaderAmong(rest)).id).not.toBe(old.id)
    network.heal()
    await acknowledgedMore(writer)
    await writer.stop()
    await expectOneLeader(cluster)
    await expectWhole(cluster, writer)
  })

  test('a leader that hears and is not heard is replaced, and follows when it is back', async () => {
    const { network, cluster, placeOf } = await start(3)
    const writer = startWriter(cluster)
    await acknowledgedMore(writer)
    const old = await cluster.leader()
    const rest = others(cluster, old)
    for (const member of rest) network.cut(placeOf(old), placeOf(member))
    expect(await untilWritable(rest, 10_000)).toBeLessThan(2000)
    network.heal()
    await acknowledgedMore(writer)
    await writer.stop()
    await expectOneLeader(cluster)
    await expectWhole(cluster, writer)
  })

  test('a follower that is cut off and comes back disturbs nobody, and catches up', async () => {
    const { network, cluster, placeOf } = await start(3)
    const writer = startWriter(cluster)
    await acknowledgedMore(writer)
    const leader = await cluster.leader()
    const { term } = await statusOf(leader)
    const follower = others(cluster, leader)[0] as MemberProcess
    network.isolate(placeOf(follower))
    // Long enough for several elections that it cannot win.
    await pause(3000)
    await acknowledgedMore(writer)
    network.heal()
    await until('it follows again', async () => (await statusOf(follower)).leaderId === leader.id)
    await acknowledgedMore(writer)
    await writer.stop()
    expect((await statusOf(leader)).term).toBe(term)
    await expectWhole(cluster, writer)
  })

  test('20 % loss: writes go on, and none that was acknowledged is lost', async () => {
    const { network, cluster } = await start(3)
    network.lose(20)
    const writers = ['x', 'y', 'z'].map((prefix) => startWriter(cluster, prefix))
    for (const writer of writers) await acknowledgedMore(writer, 100)
    await Promise.all(writers.map((writer) => writer.stop()))
    network.heal()
    for (const writer of writers) await expectWhole(cluster, writer)
  })

  test('a value of 10 MB gets through 5 % loss', async () => {
    const { network, cluster } = await start(3, { limits: { maxValueBytes: 12 * 1024 * 1024 } })
    network.lose(5)
    const client = await connect({ members: cluster.addresses, codec: bytes })
    const value = new Uint8Array(10 * 1024 * 1024).map((_, i) => (i * 2654435761) >>> 24)
    await client.put('large', value, { timeout: 60_000 })
    for (const member of cluster.members) {
      await until('the member has it', async () => (await get(member, 'large', 'local')).status === 200)
    }
    expect(Buffer.compare((await client.get('large', { timeout: 60_000 })) as Uint8Array, value)).toBe(0)
    await client.close()
  })

  test('a path that carries 1,400 bytes where the interface says 1,500, and is silent: values of 2 kB and of 1 MB are written, and the log says why it took longer', async () => {
    const network = new NamespaceNetwork(3)
    network.narrow(1400)
    const cluster = await startCluster({ hosts: network.hosts })
    const leader = await cluster.leader()
    for (const bytes of [2000, 1_000_000]) expect((await put(leader, `${bytes}`, 'v'.repeat(bytes))).status).toBe(200)
    for (const member of cluster.members) {
      await until('the member has both', async () => (await get(member, '1000000', 'local')).status === 200)
      expect((await get(member, '2000', 'local')).text).toBe('v'.repeat(2000))
      expect((await get(member, '1000000', 'local')).text).toBe('v'.repeat(1_000_000))
    }
    expect(network.swallowed).toBeGreaterThan(0)
    const told = () => cluster.members.flatMap(({ log }) => log.match(/"RAFT_PATH_MTU","peer":"[^"]+"/g) ?? [])
    await until('the leader has told it of both others', async () => told().length >= 2)
    expect(new Set(told()).size).toBe(told().length)
  })

  test('a path of which the members were told swallows nothing', async () => {
    const network = new NamespaceNetwork(3)
    network.narrow(1400)
    const cluster = await startCluster({ hosts: network.hosts, config: { limits: { maxDatagramBytes: 1300 } } })
    const leader = await cluster.leader()
    for (const bytes of [2000, 1_000_000]) expect((await put(leader, `${bytes}`, 'v'.repeat(bytes))).status).toBe(200)
    expect(network.swallowed).toBe(0)
    for (const { log } of cluster.members) expect(log).not.toContain('RAFT_PATH_MTU')
  })

  test('four members cut in two halves: neither writes (fault 2), and together they do again', async () => {
    const { network, cluster } = await start(4)
    const writer = startWriter(cluster)
    await acknowledgedMore(writer)
    for (const left of [0, 1]) {
      for (const right of [2, 3]) {
        network.cut(left, right)
        network.cut(right, left)
      }
    }
    await until('nobody knows a leader', async () => {
      const statuses = await Promise.all(cluster.members.map(statusOf))
      return statuses.every(({ role, leaderId }) => role !== 'leader' && leaderId === null)
    })
    const answers = await Promise.all(cluster.members.map((member) => put(member, 'halves', member.id)))
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503])
    network.heal()
    await acknowledgedMore(writer)
    await writer.stop()
    await expectWhole(cluster, writer)
  })

  test('a leader whose network comes and goes: no acknowledged write is lost', async () => {
    const { network, cluster, placeOf } = await start(3)
    const writer = startWriter(cluster)
    await acknowledgedMore(writer)
    for (let i = 0; i < 5; i++) {
      network.isolate(placeOf(await cluster.leader()))
      await pause(200 + 250 * i)
      network.heal()
      await pause(300)
    }
    await acknowledgedMore(writer)
    await writer.stop()
    await expectOneLeader(cluster)
    await expectWhole(cluster, writer)
  })
})
