import { describe, expect, it } from 'vitest'
import { DatagramKind, decodeHandshake } from '../src/datagram.js'
import type { TransportProblem } from '../src/index.js'
import { append, arrivedAppends, arrivedRounds, heartbeat, KEY, OTHER_KEY, type Station, VirtualCluster } from './support/cluster.js'
import { Directory, type DirectoryOptions, storeOf } from './support/register.js'

interface Member {
  readonly station: Station
  readonly directory: Directory
  readonly problems: TransportProblem[]
}

const IDS = ['a', 'b']

async function start(cluster: VirtualCluster, id: string, directory: Directory, options = {}): Promise<Member> {
  const problems: TransportProblem[] = []
  const onProblem = (problem: TransportProblem) => problems.push(problem)
  return { station: await cluster.start(id, IDS, { identity: directory, onProblem, ...options }), directory, problems }
}

const directoryOf = (id: string, more: Partial<DirectoryOptions> = {}) => new Directory({ storeId: storeOf(id), starts: 1, ...more })

/** Two members that have met. */
async function talking(seed = 31) {
  const cluster = new VirtualCluster(seed)
  const a = await start(cluster, 'a', directoryOf('a'))
  const b = await start(cluster, 'b', directoryOf('b'))
  a.station.transport.send('b', heartbeat(1))
  b.station.transport.send('a', heartbeat(2))
  await cluster.run(50)
  expect(arrivedRounds(a.station)).toEqual([2])
  expect(arrivedRounds(b.station)).toEqual([1])
  return { cluster, a, b }
}

const codes = (member: Member) => member.problems.map(({ code }) => code)

/** Sends both ways for a second, and tells whether anything came. */
async function exchange(cluster: VirtualCluster, one: Station, two: Station): Promise<boolean> {
  const before = one.received.length + two.received.length
  for (let round = 100; round < 120; round++) {
    one.transport.send(two.id, heartbeat(round))
    two.transport.send(one.id, heartbeat(round))
    await cluster.run(50)
  }
  return one.received.length + two.received.length > before
}

describe('a member that has lost its disk', () => {
  it.each([
    ['a', 'b'],
    ['b', 'a'],
  ])('%s takes no part any more, for %s remembers the store that it had', async (lost, other) => {
    const { cluster, a, b } = await talking()
    const [old, healthy] = lost === 'a' ? [a, b] : [b, a]
    await old.station.transport.close()
    const wiped = await start(cluster, lost, directoryOf('e'))
    expect(await exchange(cluster, wiped.station, healthy.station)).toBe(false)
    const remembered = { storeId: storeOf(lost), starts: 1 }
    expect(wiped.directory.refusals).toEqual([{ reason: 'otherStore', by: other, remembered }])
    expect(codes(healthy)).toEqual(['RAFT_DISK_LOST'])
    expect(wiped.station.transport.local).toBeNull()
    expect(wiped.directory.durable.size).toBe(0)
  })

  it('is refused as well by a member that was started again meanwhile', async () => {
    const { cluster, a, b } = await talking()
    await a.station.transport.close()
    await b.station.transport.close()
    const again = await start(cluster, 'a', a.directory.next())
    const wiped = await start(cluster, 'b', directoryOf('e'))
    expect(await exchange(cluster, again.station, wiped.station)).toBe(false)
    expect(wiped.directory.refusals).toMatchObject([{ reason: 'otherStore' }])
  })
})

describe('a member on an older copy of its directory', () => {
  it('takes no part any more', async () => {
    const { cluster, a, b } = await talking()
    await b.station.transport.close()
    const newer = await start(cluster, 'b', b.directory.next({ starts: 5, history: [] }))
    await cluster.run(50)
    await newer.station.transport.close()
    const rolledBack = await start(cluster, 'b', b.directory.next({ starts: 4 }))
    expect(await exchange(cluster, a.station, rolledBack.station)).toBe(false)
    expect(rolledBack.directory.refusals).toEqual([{ reason: 'olderCopy', by: 'a', remembered: { storeId: storeOf('b'), starts: 5 } }])
    expect(codes(a)).toEqual(['RAFT_DIRECTORY_ROLLED_BACK'])
  })
})

describe('an older copy of a directory', () => {
  it('is refused though it was started so often that it counts more starts than are known, and the newest one is not', async () => {
    const { cluster, a, b } = await talking()
    await b.station.transport.close()
    const second = await start(cluster, 'b', b.directory.next())
    await cluster.run(50)
    await second.station.transport.close()
    // A copy from before the second start, started twice while nobody could hear it.
    const copy = await start(cluster, 'b', b.directory.next().next())
    expect(await exchange(cluster, a.station, copy.station)).toBe(false)
    expect(copy.directory.refusals).toMatchObject([{ reason: 'olderCopy', remembered: { starts: 2 } }])
    const newest = await start(cluster, 'b', second.directory.next().next().next())
    expect(await exchange(cluster, a.station, newest.station)).toBe(true)
  })

  it('is not told from the newest one by starts that are too long ago', async () => {
    const { cluster, a, b } = await talking()
    await b.station.transport.close()
    let directory = b.directory
    for (let i = 0; i < 70; i++) directory = directory.next()
    const again = await start(cluster, 'b', directory)
    expect(await exchange(cluster, a.station, again.station)).toBe(true)
  })
})

describe('two processes that run as one member', () => {
  it('of equal counters: the second is refused, and the other members tell', async () => {
    const { cluster, a, b } = await talking()
    await b.station.transport.close()
    const copy = await start(cluster, 'b', b.directory.next({ starts: 1 }))
    expect(await exchange(cluster, a.station, copy.station)).toBe(false)
    expect(copy.directory.refusals).toMatchObject([{ reason: 'runsTwice', by: 'a' }])
    expect(codes(a)).toEqual(['RAFT_MEMBER_RUNS_TWICE'])
    expect(a.problems[0]?.message).toMatch(/either two processes run as b.*or the one that is refused runs on an older copy, by one start/)
  })

  it('from another address than the member has: the process is told all the same', async () => {
    const { cluster, a, b } = await talking()
    // At c's address, for b's is taken.
    const copy = await start(cluster, 'c', b.directory.next({ starts: 1 }), { id: 'b' })
    await cluster.run(500)
    expect(copy.directory.refusals).toMatchObject([{ reason: 'runsTwice', by: 'a' }])
    expect(codes(a)).toEqual(['RAFT_MEMBER_RUNS_TWICE'])
    expect(await exchange(cluster, a.station, b.station)).toBe(true)
  })

  it('of which the other was started later: the one that is no longer talked to learns that it is not alone', async () => {
    const { cluster, a, b } = await talking()
    cluster.filter = ({ from, to }) => ![from.address, to.address].includes(VirtualCluster.address('b'))
    // The copy takes the member's place, in whatever way.
    const copy = await start(cluster, 'c', b.directory.next({ starts: 2 }), { id: 'b' })
    a.station.transport.setMembers(0, [cluster.member('a'), { id: 'b', addresses: { peer: `${VirtualCluster.address('c')}:7000` } }])
    await cluster.run(500)
    expect(await exchange(cluster, a.station, copy.station)).toBe(true)
    cluster.filter = () => true
    for (let round = 10; round < 60; round++) {
      b.station.transport.send('a', heartbeat(round))
      await cluster.run(50)
    }
    expect(b.directory.refusals).toMatchObject([{ reason: 'runsTwice', by: 'a', remembered: { starts: 2 } }])
    expect(codes(a)).toContain('RAFT_MEMBER_RUNS_TWICE')
  })
})

describe('a member that restarts on its directory', () => {
  it('is talked to as soon as it would be without one, though a disk takes its time, and nothing that it says is lost', async () => {
    const { cluster, a, b } = await talking()
    await b.station.transport.close()
    a.directory.isSlow = true
    const again = await start(cluster, 'b', b.directory.next())
    await cluster.run(4)
    again.station.transport.send('a', heartbeat(3))
    again.station.transport.send('a', append(1, 10_000))
    await cluster.run(50)
    // Before that is durable, no message counts.
    expect(arrivedRounds(a.station)).toEqual([2])
    expect(a.directory.durable.get('b')?.starts).toBe(1)
    a.directory.finish()
    expect(a.directory.durable.get('b')?.starts).toBe(2)
    expect(arrivedRounds(a.station)).toEqual([2, 3])
    expect(arrivedAppends(a.station)).toEqual([1])
  })

  it('is not listened to any more by a member whose disk cannot remember it', async () => {
    const { cluster, a, b } = await talking()
    await b.station.transport.close()
    a.directory.isSlow = true
    const again = await start(cluster, 'b', b.directory.next())
    again.station.transport.send('a', heartbeat(3))
    await cluster.run(50)
    a.directory.finish(new Error('EIO'))
    expect(arrivedRounds(a.station)).toEqual([2])
    expect(a.station.transport.local).toBeNull()
  })

  it('has not to be remembered again where a session is replaced', async () => {
    const { cluster, a, b } = await talking()
    cluster.links.conditions.loss = 1
    a.station.transport.send('b', heartbeat(7))
    await cluster.run(30_000)
    cluster.links.conditions.loss = 0
    a.directory.isSlow = true
    b.directory.isSlow = true
    expect(await exchange(cluster, a.station, b.station)).toBe(true)
  })
})

describe('members of clusters of other members', () => {
  it('do not talk to each other, and both tell which', async () => {
    const cluster = new VirtualCluster(33)
    const a = await start(cluster, 'a', directoryOf('a', { voters: ['a', 'b'] }))
    const b = await start(cluster, 'b', directoryOf('b', { voters: ['b', 'c', 'a'] }))
    expect(await exchange(cluster, a.station, b.station)).toBe(false)
    expect(a.problems).toMatchObject([{ code: 'RAFT_OTHER_VOTERS', peer: 'b' }])
    expect(b.problems).toMatchObject([{ code: 'RAFT_OTHER_VOTERS', peer: 'a' }])
    expect(a.problems[0]?.message).toMatch(/\["a","b","c"\].*\["a","b"\]/)
    expect([...a.directory.refusals, ...b.directory.refusals]).toEqual([])
  })

  it('whose lists are too long for a datagram know so by the digest', async () => {
    const cluster = new VirtualCluster(34)
    const many = Array.from({ length: 100 }, (_, i) => `member-${i}`)
    const a = await start(cluster, 'a', directoryOf('a', { voters: ['a', 'b', ...many] }))
    const b = await start(cluster, 'b', directoryOf('b', { voters: [...many, 'b', 'a'] }))
    expect(await exchange(cluster, a.station, b.station)).toBe(true)
    await b.station.transport.close()
    const other = await start(cluster, 'b', b.directory.next({ voters: ['a', 'b', ...many, 'x'] }))
    expect(await exchange(cluster, a.station, other.station)).toBe(false)
    expect(codes(a)).toEqual(['RAFT_OTHER_VOTERS'])
  })
})

describe('members of other clusters, or with other secrets', () => {
  it.each([
    ['another cluster id', { clusterId: 'another' }],
    ['another secret', { secrets: [OTHER_KEY] }],
  ])('do not talk to each other for %s, and both tell so', async (_, options) => {
    const cluster = new VirtualCluster(35)
    const a = await start(cluster, 'a', directoryOf('a'))
    const b = await start(cluster, 'b', directoryOf('b'), options)
    expect(await exchange(cluster, a.station, b.station)).toBe(false)
    expect(codes(a)).toEqual(['RAFT_UNKNOWN_SECRET'])
    expect(codes(b)).toEqual(['RAFT_UNKNOWN_SECRET'])
    expect(a.problems[0]?.message).toMatch(/names "b" as its sender.*another cluster, or one with another secret/)
  })

  it('a member whose secret is being changed is not told of', async () => {
    const cluster = new VirtualCluster(36)
    const a = await start(cluster, 'a', directoryOf('a'), { secrets: [OTHER_KEY, KEY] })
    const b = await start(cluster, 'b', directoryOf('b'), { secrets: [KEY, OTHER_KEY] })
    expect(await exchange(cluster, a.station, b.station)).toBe(true)
    expect([...a.problems, ...b.problems]).toEqual([])
  })
})

describe('a member that keeps no identity', () => {
  it('is talked to by one that does, as long as it had none before', async () => {
    const cluster = new VirtualCluster(37)
    const a = await start(cluster, 'a', directoryOf('a'))
    const b = await cluster.start('b', IDS)
    expect(await exchange(cluster, a.station, b)).toBe(true)
    await b.transport.close()
    const upgraded = await start(cluster, 'b', directoryOf('b'))
    expect(await exchange(cluster, a.station, upgraded.station)).toBe(true)
    await upgraded.station.transport.close()
    const downgraded = await cluster.start('b', IDS)
    expect(await exchange(cluster, a.station, downgraded)).toBe(false)
    expect(codes(a)).toEqual(['RAFT_OLDER_VERSION'])
  })
})

describe('somebody who records and replays', () => {
  it.each([
    ['RAFT_DISK_LOST', { identity: directoryOf('b') }, directoryOf('a')],
    ['RAFT_OTHER_VOTERS', { identity: directoryOf('b') }, directoryOf('a', { voters: ['a', 'b', 'x'] })],
    ['RAFT_OLDER_VERSION', {}, directoryOf('a')],
  ])('%s: a hello alone may be an old one, and the report says so', async (code, options, directory) => {
    const old = new VirtualCluster(39)
    old.recording = true
    await old.start('b', IDS, options)
    const before = await old.start('a', IDS, { identity: directoryOf('a') })
    before.transport.send('b', heartbeat(1))
    await old.run(1000)
    const hellos = old.recorded.filter(({ bytes, from }) => bytes[1] === DatagramKind.Hello && from.address === VirtualCluster.address('b'))
    expect(hellos.length).toBeGreaterThan(0)
    const cluster = new VirtualCluster(40)
    directory.remember('b', { storeId: storeOf('e'), starts: 1, boot: new Uint8Array(16) }, () => {})
    const a = await start(cluster, 'a', directory)
    for (const hello of hellos) cluster.network.inject(hello)
    await cluster.run(50)
    expect(a.problems).toMatchObject([{ code, message: expect.stringMatching(/recorded an old hello and sends it again$/) }])
  })

  it('cannot have made an answer, of which the report says nothing of the kind', async () => {
    const { cluster, a, b } = await talking()
    await b.station.transport.close()
    await start(cluster, 'b', directoryOf('e'))
    cluster.filter = ({ bytes, from }) => bytes[1] !== DatagramKind.Hello || from.address === VirtualCluster.address('a')
    await cluster.run(20_000)
    a.station.transport.send('b', heartbeat(9))
    await cluster.run(10_000)
    expect(a.problems).toMatchObject([{ code: 'RAFT_DISK_LOST', message: expect.not.stringMatching(/recorded/) }])
  })

  it('makes nobody refuse a member that runs well, whatever hello he sends again', async () => {
    const cluster = new VirtualCluster(38)
    cluster.recording = true
    const a = await start(cluster, 'a', directoryOf('a'))
    const b = await start(cluster, 'b', directoryOf('b'))
    await exchange(cluster, a.station, b.station)
    await b.station.transport.close()
    const again = await start(cluster, 'b', b.directory.next())
    await exchange(cluster, a.station, again.station)
    for (const datagram of [...cluster.recorded]) cluster.network.inject(datagram)
    await cluster.run(1000)
    expect(await exchange(cluster, a.station, again.station)).toBe(true)
    expect([...a.directory.refusals, ...again.directory.refusals]).toEqual([])
    // A refusal that was meant for another start says nothing to this one.
    const refusals = cluster.recorded.filter(({ bytes }) => bytes[1] === DatagramKind.Refusal)
    expect(refusals.length).toBeGreaterThan(0)
    for (const { bytes } of refusals) expect(decodeHandshake(bytes).remembered?.starts).toBe(2)
  })
})
