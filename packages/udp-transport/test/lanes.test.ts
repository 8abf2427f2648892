import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { append, arrivedAppends, arrivedRounds, heartbeat, type Station, VirtualCluster } from './support/cluster.js'

async function pair(seed: number, conditions: object, options = {}) {
  const cluster = new VirtualCluster(seed)
  const [a, b] = (await cluster.startAll(['a', 'b'], options)) as [Station, Station]
  await cluster.run(100)
  Object.assign(cluster.links.conditions, conditions)
  return { cluster, a, b }
}

describe('control messages', () => {
  it('pass at once while a stream of bulk is running', async () => {
    const { cluster, a, b } = await pair(41, { delay: 5 })
    for (let i = 1; i <= 30; i++) a.transport.send('b', append(i, 1_000_000))
    await cluster.run(20)
    for (let round = 1; round <= 20; round++) {
      a.transport.send('b', heartbeat(round))
      const took = await cluster.run(100, () => arrivedRounds(b).includes(round))
      expect(took).toBeLessThan(5.5)
    }
    expect(arrivedAppends(b).length).toBeLessThan(30)
  })

  it('pass while bulk is stuck, as its window is closed', async () => {
    const { cluster, a, b } = await pair(42, {})
    a.transport.send('b', append(1, 20_000_000))
    cluster.filter = ({ bytes }) => bytes.length < 1000
    await cluster.run(500)
    a.transport.send('b', heartbeat(1))
    await cluster.run(1.5)
    expect(arrivedRounds(b)).toEqual([1])
    expect(arrivedAppends(b)).toEqual([])
  })

  it('are not handed over inside send, and an answer sent from onMessage leaves in the same turn', async () => {
    const { cluster, a, b } = await pair(43, {})
    b.transport.detach(0)
    b.transport.attach(0, {
      onMessage: (from, message) => b.transport.send(from, message),
      onUnreachable: () => {},
    })
    b.transport.setMembers(0, [cluster.member('a'), cluster.member('b')])
    await cluster.run(50)
    a.transport.send('b', heartbeat(1))
    expect(a.received).toEqual([])
    await cluster.run(2.01)
    expect(arrivedRounds(a)).toEqual([1])
  })
})

describe('bulk', () => {
  it('arrives once and in order, whatever the network does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.nat(),
          loss: fc.double({ min: 0, max: 0.3, noNaN: true }),
          duplication: fc.double({ min: 0, max: 0.3, noNaN: true }),
          corruption: fc.double({ min: 0, max: 0.1, noNaN: true }),
          maxLate: fc.double({ min: 0, max: 20, noNaN: true }),
          sizes: fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 40 }),
        }),
        async ({ seed, sizes, ...conditions }) => {
          const { cluster, a, b } = await pair(seed, { ...conditions, lateness: 1 })
          sizes.forEach((size, i) => {
            a.transport.send('b', append(i + 1, size))
          })
          await cluster.run(60_000, () => b.received.length === sizes.length)
          await cluster.run(100)
          expect(arrivedAppends(b)).toEqual(sizes.map((_, i) => i + 1))
        },
      ),
      { numRuns: 40, seed: 7 },
    )
  })

  it('never overruns the buffer of a receiver that is slow', async () => {
    const cluster = new VirtualCluster(44)
    cluster.network.conditions.receiveBufferBytes = 212_992
    const [a, b] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
    await cluster.run(100)
    for (let i = 1; i <= 200; i++) a.transport.send('b', append(i, 100_000))
    for (let i = 0; i < 60; i++) {
      cluster.host('b').pause(40)
      await cluster.run(40)
      await cluster.run(5)
    }
    await cluster.run(60_000, () => b.received.length === 200)
    expect(arrivedAppends(b)).toHaveLength(200)
    expect(cluster.overruns).toBe(0)
  })

  it('of several members together does not overrun the buffer either', async () => {
    const cluster = new VirtualCluster(45)
    cluster.network.conditions.receiveBufferBytes = 425_984
    const [a, b, c] = (await cluster.startAll(['a', 'b', 'c'])) as [Station, Station, Station]
    await cluster.run(100)
    a.transport.send('c', append(1, 10_000))
    b.transport.send('c', append(1, 10_000))
    await cluster.run(50)
    for (let i = 2; i <= 60; i++) for (const station of [a, b]) station.transport.send('c', append(i, 100_000))
    for (let i = 0; i < 40; i++) {
      cluster.host('c').pause(40)
      await cluster.run(40)
      await cluster.run(5)
    }
    await cluster.run(60_000, () => c.received.length === 120)
    expect(arrivedAppends(c)).toHaveLength(120)
    expect(cluster.overruns).toBe(0)
  })

  it('larger than maxMessageBytes is dropped and counted, and what follows is not held up', async () => {
    const { cluster, a, b } = await pair(46, {}, { maxMessageBytes: 100_000 })
    a.transport.send('b', append(1, 100_001))
    a.transport.send('b', append(2, 90_000))
    await cluster.run(1000)
    expect(arrivedAppends(b)).toEqual([2])
    expect(a.transport.counters().dropped.messageTooLarge).toBe(1)
  })
})

describe('datagrams', () => {
  it.each([
    [1472, 65_507, 1472],
    [8972, 8972, 8972],
    [65_507, 65_507, 65_507],
    [null, 1200, 1200],
  ])('are as large as an interface of %s carries, and no larger', async (interfaceMtu, mtu, largest) => {
    const cluster = new VirtualCluster(47)
    Object.assign(cluster.network.conditions, { maxDatagramBytes: interfaceMtu, largestCarried: mtu })
    const [a, b] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
    cluster.recording = true
    a.transport.send('b', append(1, 1_000_000))
    await cluster.run(2000)
    expect(arrivedAppends(b)).toEqual([1])
    const sizes = cluster.recorded.map(({ bytes }) => bytes.length)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(largest)
    expect(Math.max(...sizes)).toBeGreaterThan(largest - 2)
  })

  it('are as large as the smaller of the two ends wants', async () => {
    const cluster = new VirtualCluster(48)
    cluster.network.conditions.maxDatagramBytes = 8972
    const a = await cluster.start('a', ['a', 'b'])
    const b = await cluster.start('b', ['a', 'b'], { maxDatagramBytes: 1300 })
    cluster.recording = true
    a.transport.send('b', append(1, 100_000))
    await cluster.run(2000)
    expect(arrivedAppends(b)).toEqual([1])
    expect(Math.max(...cluster.recorded.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(1300)
  })

  it('are smaller where the receive buffer holds but few large ones', async () => {
    const cluster = new VirtualCluster(49)
    Object.assign(cluster.network.conditions, { maxDatagramBytes: 65_507, receiveBufferBytes: 212_992 })
    const [a, b] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
    cluster.recording = true
    a.transport.send('b', append(1, 1_000_000))
    await cluster.run(2000)
    expect(arrivedAppends(b)).toEqual([1])
    expect(Math.max(...cluster.recorded.map(({ bytes }) => bytes.length))).toBeLessThan(20_000)
  })
})

describe('groups', () => {
  it('share a transport, and each gets its own messages only', async () => {
    const { cluster, a, b } = await pair(50, {})
    const second: number[] = []
    b.transport.attach(7, {
      onMessage: (_from, message) => message.type === 'heartbeat' && second.push(message.round),
      onUnreachable: () => {},
    })
    b.transport.setMembers(7, [cluster.member('a'), cluster.member('b')])
    a.transport.attach(7, { onMessage: () => {}, onUnreachable: () => {} })
    a.transport.attach(8, { onMessage: () => {}, onUnreachable: () => {} })
    a.transport.send('b', heartbeat(1))
    a.transport.send('b', heartbeat(2, 7))
    a.transport.send('b', heartbeat(3, 8))
    a.transport.send('b', heartbeat(4, 9))
    a.transport.send('nobody', heartbeat(5))
    await cluster.run(10)
    expect(arrivedRounds(b)).toEqual([1])
    expect(second).toEqual([2])
    expect(b.transport.counters().dropped.unknownGroup).toBe(1)
    expect(a.transport.counters().dropped).toMatchObject({ unknownGroup: 1, unknownMember: 1 })
    b.transport.detach(7)
    a.transport.send('b', heartbeat(6, 7))
    await cluster.run(10)
    expect(second).toEqual([2])
  })
})
