import { describe, expect, it } from 'vitest'
import type { TransportPresence, TransportProblem } from '../src/index.js'
import { append, heartbeat, OTHER_KEY, type Station, VirtualCluster } from './support/cluster.js'

interface Member {
  readonly station: Station
  /** Codes and peers, in order. */
  readonly told: string[]
  readonly messages: string[]
  /** Changes and peers, in order. */
  readonly presence: string[]
  readonly lines: TransportPresence[]
}

async function start(
  cluster: VirtualCluster,
  id: string,
  ids: Parameters<VirtualCluster['start']>[1],
  options: object = {},
): Promise<Member> {
  const told: string[] = []
  const messages: string[] = []
  const presence: string[] = []
  const lines: TransportPresence[] = []
  const station = await cluster.start(id, ids, {
    onProblem: ({ code, peer, message }: TransportProblem) => {
      told.push(`${code} ${peer}`)
      messages.push(message)
    },
    onPresence: (line: TransportPresence) => {
      presence.push(`${line.change} ${line.peer}`)
      lines.push(line)
    },
    ...options,
  })
  return { station, told, messages, presence, lines }
}

/** Each says something to each other every 50 ms, for so many ms. */
async function talk(cluster: VirtualCluster, members: readonly Member[], milliseconds: number): Promise<void> {
  for (let time = 0; time < milliseconds; time += 50) {
    for (const { station } of members)
      for (const { station: to } of members) if (to !== station) station.transport.send(to.id, heartbeat(time))
    await cluster.run(50)
  }
}

const isTo = (id: string, { to }: { to: { address: string } }) => to.address === VirtualCluster.address(id)
const peerOf = ({ station }: Member, id: string) => station.transport.peers().find((peer) => peer.id === id)

async function pair(seed: number) {
  const cluster = new VirtualCluster(seed)
  const members = [await start(cluster, 'a', ['a', 'b']), await start(cluster, 'b', ['a', 'b'])] as const
  return { cluster, members, a: members[0], b: members[1] }
}

describe('members that hear each other', () => {
  it('are said to have come, once, and nothing else is told', async () => {
    const { cluster, members, a, b } = await pair(81)
    await talk(cluster, members, 30_000)
    expect([a.presence, b.presence]).toEqual([['came b'], ['came a']])
    expect([a.told, b.told]).toEqual([[], []])
    expect(peerOf(a, 'b')).toMatchObject({ id: 'b', address: '10.0.0.2:7000', unansweredFor: null, trouble: null })
    expect(peerOf(a, 'b')?.heardAgo).toBeLessThan(200)
  })

  it('are not missed while nobody has anything to say to them', async () => {
    const { cluster, members, a } = await pair(82)
    await talk(cluster, members, 1000)
    await members[1].station.transport.close()
    await cluster.run(3_600_000)
    expect([a.presence, a.told]).toEqual([['came b'], []])
  })
})

describe('a member that dies', () => {
  it('has gone after some seconds, is told once as one whose port is closed, again after ten minutes, and has come when it is back', async () => {
    const { cluster, members, a } = await pair(83)
    await talk(cluster, members, 1000)
    await members[1].station.transport.close()
    await talk(cluster, [a, members[1]], 5000)
    expect(a.presence).toEqual(['came b', 'left b'])
    expect(a.lines[1]?.message).toMatch(/^b has gone: nothing has come from it for [2-4] s \(nobody listens there\)$/)
    expect(a.told).toEqual([])
    await talk(cluster, [a, members[1]], 300_000)
    expect(a.told).toEqual(['RAFT_PEER_PORT_CLOSED b'])
    expect(a.messages[0]).toMatch(
      /^nobody listens at 10\.0\.0\.2:7000, the peer address of b, from which nothing has come for 1\d s: start b/,
    )
    expect(peerOf(a, 'b')).toMatchObject({ trouble: 'nobody listens there' })
    await talk(cluster, [a, members[1]], 400_000)
    expect(a.told).toEqual(['RAFT_PEER_PORT_CLOSED b', 'RAFT_PEER_PORT_CLOSED b'])
    const again = await start(cluster, 'b', ['a', 'b'])
    await talk(cluster, [a, again], 5000)
    expect(a.presence).toEqual(['came b', 'left b', 'came b'])
    expect(a.lines[2]?.message).toBe('b has come again: it was not heard for 12 min')
    expect(again.presence).toEqual(['came a'])
    expect(peerOf(a, 'b')).toMatchObject({ trouble: null, unansweredFor: null })
  })

  it('and is back at once is said to have been started anew', async () => {
    const { cluster, members, a } = await pair(84)
    await talk(cluster, members, 1000)
    await members[1].station.transport.close()
    const again = await start(cluster, 'b', ['a', 'b'])
    await talk(cluster, [a, again], 5000)
    expect(a.presence).toEqual(['came b', 'restarted b'])
  })

  it('again and again fills no log: the lines that are left out are counted', async () => {
    const { cluster, members, a } = await pair(85)
    await talk(cluster, members, 1000)
    let silent = false
    cluster.filter = (sent) => !silent || !isTo('a', sent)
    for (let i = 0; i < 60; i++) {
      silent = !silent
      await talk(cluster, members, 5000)
    }
    // Six at once, and one a minute.
    expect(a.presence.length).toBeLessThanOrEqual(6 + 6)
    expect(a.lines.reduce((sum, { untold }) => sum + untold, 0)).toBeGreaterThan(30)
    expect(a.told.length).toBeLessThanOrEqual(1)
  })
})

describe('a member that was never heard', () => {
  it('is told once after ten seconds, by one that has nothing to say to it either', async () => {
    const cluster = new VirtualCluster(86)
    cluster.filter = (sent) => !isTo('b', sent)
    const a = await start(cluster, 'a', ['a', 'b'])
    await cluster.run(9_000)
    expect(a.told).toEqual([])
    await cluster.run(100_000)
    expect(a.told).toEqual(['RAFT_PEER_SILENT b'])
    expect(a.messages[0]).toMatch(/^nothing has come from b \(10\.0\.0\.2:7000\) for 10 s, and \d hellos were not answered: does it run/)
    expect(a.presence).toEqual([])
    expect(peerOf(a, 'b')).toMatchObject({ heardAgo: null, trouble: 'it does not answer' })
  })

  it('is not told as one whose port is closed when the port was closed at first, and hellos have vanished since', async () => {
    const cluster = new VirtualCluster(91)
    const a = await start(cluster, 'a', ['a', 'b'])
    const talkTo = async (milliseconds: number) => {
      for (let time = 0; time < milliseconds; time += 50) {
        a.station.transport.send('b', heartbeat(time))
        await cluster.run(50)
      }
    }
    await talkTo(1000)
    expect(peerOf(a, 'b')).toMatchObject({ trouble: 'nobody listens there' })
    cluster.filter = (sent) => !isTo('b', sent)
    await talkTo(14_000)
    expect(a.told).toEqual(['RAFT_PEER_SILENT b'])
  })

  it('and whose name cannot be resolved is told as that', async () => {
    const cluster = new VirtualCluster(87)
    const lost = { id: 'b', addresses: { peer: 'nowhere.example:7000' } }
    const a = await start(cluster, 'a', ['a', lost])
    await cluster.run(60_000)
    expect(a.told).toEqual(['RAFT_PEER_UNRESOLVED b'])
    expect(a.messages[0]).toContain('the peer address of b, nowhere.example:7000, cannot be used (')
  })
})

describe('a path that carries datagrams one way only', () => {
  it.each([
    ['from the start', 0],
    ['after they have talked', 3000],
  ])('is told on both sides, each as it sees it, and when it is over (%s)', async (_, before) => {
    const { cluster, members, a, b } = await pair(88)
    if (before === 0) cluster.filter = (sent) => !isTo('b', sent)
    await talk(cluster, members, before)
    cluster.filter = (sent) => !isTo('b', sent)
    await talk(cluster, members, 60_000)
    expect(a.told).toEqual(['RAFT_PEER_HEARS_NOTHING b'])
    expect(a.messages[0]).toMatch(
      /^b says hello again and again, so what it sends arrives here, but what is sent to it at 10\.0\.0\.2:7000 does not/,
    )
    expect(b.told).toEqual(['RAFT_PEER_SILENT a'])
    cluster.filter = () => true
    await talk(cluster, members, 20_000)
    expect(a.lines.at(-1)?.message).toBe(before === 0 ? 'b has come' : 'b hears this member again')
    expect(b.presence).toEqual(before === 0 ? ['came a'] : ['came a', 'left a', 'came a'])
    expect(a.presence).toHaveLength(before === 0 ? 1 : 2)
    expect([a.told.length, b.told.length]).toEqual([1, 1])
  })

  it('is not seen in a network that loses a third of everything', async () => {
    const { cluster, members, a, b } = await pair(89)
    cluster.filter = () => cluster.random() > 0.33
    await talk(cluster, members, 120_000)
    expect([a.told, b.told]).toEqual([[], []])
  })
})

describe('a wrong address', () => {
  it('of a member that runs: it is told where the address is, and the member is told that nothing comes', async () => {
    const cluster = new VirtualCluster(90)
    const wrong = { id: 'b', addresses: { peer: '10.0.0.2:7009' } }
    const a = await start(cluster, 'a', ['a', wrong])
    const b = await start(cluster, 'b', ['a', 'b'])
    await talk(cluster, [a, b], 60_000)
    expect(a.told).toEqual(['RAFT_PEER_PORT_CLOSED b'])
    expect(a.messages[0]).toBe(
      'b says hello, so it runs, but nobody listens at 10.0.0.2:7009, which is its peer address here: correct the address, or where b listens',
    )
    expect(b.told).toEqual(['RAFT_PEER_SILENT a'])
    expect(b.messages[0]).toContain('nor one that has a wrong peer address of b')
  })

  it('at which another member listens is told by both', async () => {
    const cluster = new VirtualCluster(91)
    const wrong = { id: 'c', addresses: { peer: '10.0.0.2:7000' } }
    const a = await start(cluster, 'a', ['a', 'b', wrong])
    const b = await start(cluster, 'b', ['a', 'b'])
    for (let i = 0; i < 400; i++) {
      a.station.transport.send('c', heartbeat(i))
      await talk(cluster, [a, b], 50)
    }
    expect(b.told).toEqual(['RAFT_WRONG_MEMBER a'])
    expect(b.messages[0]).toContain('a says hello to c at the address of this member, which is b')
    expect(a.told).toEqual(['RAFT_PEER_SILENT c'])
  })

  it('that is the own one is told once, and nothing else of that member', async () => {
    const cluster = new VirtualCluster(92)
    const a = await start(cluster, 'a', ['a', { id: 'b', addresses: { peer: '10.0.0.1:7000' } }])
    for (let i = 0; i < 600; i++) {
      a.station.transport.send('b', heartbeat(i))
      await cluster.run(50)
    }
    expect(a.told).toEqual(['RAFT_PEER_IS_SELF b'])
    expect(peerOf(a, 'b')).toMatchObject({ trouble: 'its address leads back to this member' })
  })
})

describe('a member that the owner was told of already', () => {
  it('is not told as silent beside it', async () => {
    const cluster = new VirtualCluster(93)
    const a = await start(cluster, 'a', ['a', 'b'])
    const b = await start(cluster, 'b', ['a', 'b'], { secrets: [OTHER_KEY] })
    await talk(cluster, [a, b], 60_000)
    expect([a.told, b.told]).toEqual([['RAFT_UNKNOWN_SECRET b'], ['RAFT_UNKNOWN_SECRET a']])
    expect(peerOf(a, 'b')).toMatchObject({ trouble: 'it has another secret, or another cluster id' })
  })

  it('nor one that runs without a secret', async () => {
    const cluster = new VirtualCluster(94)
    const a = await start(cluster, 'a', ['a', 'b'])
    const b = await start(cluster, 'b', ['a', 'b'], { insecurePlainText: true })
    await talk(cluster, [a, b], 60_000)
    expect([a.told, b.told]).toEqual([['RAFT_UNKNOWN_SECRET b'], ['RAFT_UNKNOWN_SECRET a']])
  })
})

describe('what the system says of an address', () => {
  const failure = new Error('connect ENETUNREACH 10.0.0.2:7000')

  it('is told where nothing can be sent to it', async () => {
    const cluster = new VirtualCluster(96)
    cluster.socketsFrom = (sockets) => ({ ...sockets, connect: (_, __, done) => cluster.world.after(0.1, () => done(failure, null)) })
    const a = await start(cluster, 'a', ['a', 'b'])
    const b = await start(cluster, 'b', ['a', 'b'])
    await b.station.transport.close()
    await talk(cluster, [a, b], 60_000)
    expect(a.told).toEqual(['RAFT_PEER_NO_ROUTE b'])
    expect(a.messages[0]).toContain('this system sends nothing to 10.0.0.2:7000, the peer address of b (connect ENETUNREACH')
    expect(peerOf(a, 'b')?.trouble).toBe('the system sends nothing to this address')
  })

  it('is forgotten when the member was heard since: what is silent later is not told as that', async () => {
    const cluster = new VirtualCluster(97)
    const failures: (() => void)[] = []
    cluster.socketsFrom = (sockets) => ({
      ...sockets,
      connect: (remote, handlers, done) => {
        failures.push(() => handlers.onError(failure))
        sockets.connect(remote, handlers, done)
      },
    })
    const a = await start(cluster, 'a', ['a', 'b'])
    const b = await start(cluster, 'b', ['a', 'b'])
    await talk(cluster, [a, b], 1000)
    for (const fail of failures) fail()
    await talk(cluster, [a, b], 1000)
    cluster.filter = (sent) => !isTo('b', sent) && !isTo('a', sent)
    await talk(cluster, [a, b], 60_000)
    expect([a.told, b.told]).toEqual([['RAFT_PEER_SILENT b'], ['RAFT_PEER_SILENT a']])
    expect(a.lines[1]?.message).toContain('(it does not answer)')
  })
})

describe('a name service that never answers', () => {
  const named = { id: 'b', addresses: { peer: 'b.example:7000' } }
  /** Answers so many look-ups of each member that is started. */
  const answering = (cluster: VirtualCluster, count: number) => {
    cluster.socketsFrom = (sockets) => {
      let left = count
      return {
        ...sockets,
        lookup: (host, done) => {
          if (host !== 'b.example') sockets.lookup(host, done)
          else if (left-- > 0) sockets.lookup('10.0.0.2', done)
        },
      }
    }
  }

  it('is told as the reason', async () => {
    const cluster = new VirtualCluster(98)
    answering(cluster, 0)
    const a = await start(cluster, 'a', ['a', named])
    await cluster.run(60_000)
    expect(a.told).toEqual(['RAFT_PEER_UNRESOLVED b'])
    expect(a.messages[0]).toContain('(the name service has not answered for 5 s)')
  })

  it('does not keep a member from the addresses that the name had before', async () => {
    const cluster = new VirtualCluster(99)
    answering(cluster, 1)
    const a = await start(cluster, 'a', ['a', named])
    const b = await start(cluster, 'b', [VirtualCluster.elsewhere('a'), 'b'])
    await talk(cluster, [a, b], 1000)
    await b.station.transport.close()
    // Entries that are not taken end the session, so that nothing is left but the name.
    a.station.transport.send('b', append(1, 100))
    await talk(cluster, [a, b], 60_000)
    // It does not know where A is: A has to find it.
    const again = await start(cluster, 'b', [VirtualCluster.elsewhere('a'), 'b'])
    await talk(cluster, [a, again], 10_000)
    expect(a.presence).toEqual(['came b', 'left b', 'came b'])
  })
})

describe('datagrams that were recorded and are sent again', () => {
  it('let no member be said to have a wrong address, or to run twice', async () => {
    const cluster = new VirtualCluster(101)
    cluster.recording = true
    const ids = ['a', 'b', 'c']
    const before = await start(cluster, 'a', ids)
    const b = await start(cluster, 'b', ids)
    const c = await start(cluster, 'c', ids)
    await talk(cluster, [before, b, c], 1000)
    await before.station.transport.close()
    const a = await start(cluster, 'a', ids)
    await talk(cluster, [a, b, c], 1000)
    cluster.recording = false
    // Of each member to each other one, of its first handshake in each of its processes.
    const hellos = new Map<string, (typeof cluster.recorded)[number]>()
    for (const one of cluster.recorded)
      if (one.bytes[1] === 1) hellos.set(`${one.from.address} ${one.to.address} ${one.from.address.endsWith('.1') && one.from.port}`, one)
    for (let time = 0; time < 60_000; time += 1000) {
      for (const { bytes, from } of hellos.values())
        for (const id of ids) cluster.network.inject({ bytes, from, to: VirtualCluster.endpoint(id) })
      await talk(cluster, [a, b, c], 1000)
    }
    expect([a.told, b.told, c.told]).toEqual([[], [], []])
  })

  it('let no member that hears this one be called one that hears nothing', async () => {
    const { cluster, members, a, b } = await pair(95)
    cluster.recording = true
    await talk(cluster, members, 1000)
    const hellos = cluster.recorded.filter(({ bytes }) => bytes[1] === 1)
    expect(hellos.length).toBeGreaterThan(0)
    cluster.recording = false
    const before = a.station.transport.counters().datagramsSent + b.station.transport.counters().datagramsSent
    let replayed = 0
    for (let time = 0; time < 60_000; time += 500) {
      for (const { from, to, bytes } of hellos) cluster.network.inject({ bytes, from, to })
      replayed += hellos.length
      await talk(cluster, members, 500)
    }
    expect([a.told, b.told]).toEqual([[], []])
    expect([a.presence, b.presence]).toEqual([['came b'], ['came a']])
    const sent = a.station.transport.counters().datagramsSent + b.station.transport.counters().datagramsSent - before
    // What the members say to each other, an answer to each that was replayed, and now and then a hello and its answer.
    expect(sent).toBeLessThan(2 * 1200 + 2 * replayed)
  })
})
