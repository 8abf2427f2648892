import { describe, expect, it } from 'vitest'
import { DATAGRAM_VERSION, DatagramKind } from '../src/datagram.js'
import { append, arrivedAppends, arrivedRounds, heartbeat, KEY, OTHER_KEY, type Station, VirtualCluster } from './support/cluster.js'

const ROUND_TRIP = 2
/** The most that a name and a socket take. */
const LOOKUP = 0.25

async function talking(seed = 21) {
  const cluster = new VirtualCluster(seed)
  const [a, b] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
  a.transport.send('b', heartbeat(1))
  b.transport.send('a', heartbeat(2))
  await cluster.run(50)
  expect(arrivedRounds(a)).toEqual([2])
  expect(arrivedRounds(b)).toEqual([1])
  return { cluster, a, b }
}

it('a handshake that anybody hastens without end is given up as well, after which the name of its peer is looked up again', async () => {
  const cluster = new VirtualCluster(22)
  const a = await cluster.start('a', ['a', 'b'])
  const stray = Buffer.alloc(60, 1)
  stray[0] = DATAGRAM_VERSION
  stray[1] = DatagramKind.Sealed
  for (let round = 0; round < 400; round++) {
    cluster.network.inject({ from: VirtualCluster.endpoint('c'), to: VirtualCluster.endpoint('a'), bytes: stray })
    await cluster.run(50)
  }
  const { handshakesStarted } = a.transport.counters()
  expect(handshakesStarted).toBeGreaterThanOrEqual(3)
  expect(handshakesStarted).toBeLessThanOrEqual(6)
})

describe('a member that restarts', () => {
  it('hears the other within two round trips, by itself', async () => {
    const { cluster, a, b } = await talking()
    await b.transport.close()
    const again = await cluster.start('b', ['a', 'b'])
    await cluster.run(2 * ROUND_TRIP)
    a.transport.send('b', heartbeat(3))
    await cluster.run(1.5)
    expect(arrivedRounds(again)).toEqual([3])
  })

  it('is found by what the other sends, when its own hello was lost', async () => {
    const { cluster, a, b } = await talking()
    await b.transport.close()
    cluster.links.conditions.loss = 1
    const again = await cluster.start('b', ['a', 'b'])
    await cluster.run(4000)
    cluster.links.conditions.loss = 0
    a.transport.send('b', heartbeat(3))
    await cluster.run(2 * ROUND_TRIP + LOOKUP)
    a.transport.send('b', heartbeat(4))
    await cluster.run(ROUND_TRIP)
    expect(arrivedRounds(again)).toContain(4)
  })

  it('begins with a secret that the other does not have, and is found though what the other sends hastens that', async () => {
    const { cluster, a, b } = await talking()
    await a.transport.close()
    const again = await cluster.start('a', ['a', 'b'], { secrets: [OTHER_KEY, KEY] })
    for (let round = 10; round < 50; round++) {
      b.transport.send('a', heartbeat(round))
      await cluster.run(50)
    }
    expect(arrivedRounds(again).at(-1)).toBe(49)
  })

  it('without knowing where any member is, is asked again by the one who sends, and answers where that came from', async () => {
    const { cluster, a, b } = await talking()
    await b.transport.close()
    const again = await cluster.start('b', ['b', VirtualCluster.elsewhere('a')])
    a.transport.send('b', heartbeat(3))
    await cluster.run(1100)
    a.transport.send('b', heartbeat(4))
    await cluster.run(100)
    expect(arrivedRounds(again)).toContain(4)
    again.transport.send('a', heartbeat(5))
    await cluster.run(10)
    expect(arrivedRounds(a)).toContain(5)
  })

  it('together with the other recovers, and entries that were under way are sent by whoever has them', async () => {
    const { cluster, a, b } = await talking()
    a.transport.send('b', append(1, 1_000_000))
    await cluster.run(3)
    await a.transport.close()
    await b.transport.close()
    const [a2, b2] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
    a2.transport.send('b', append(7, 1_000_000))
    await cluster.run(1000)
    expect(arrivedAppends(b2)).toEqual([7])
  })

  it('drops what was pending in the old session, and counts it', async () => {
    const { cluster, a, b } = await talking()
    await b.transport.close()
    for (let i = 1; i <= 5; i++) a.transport.send('b', append(i, 1000))
    await cluster.run(20)
    const again = await cluster.start('b', ['a', 'b'])
    await cluster.run(100)
    expect(arrivedAppends(again)).toEqual([])
    expect(a.transport.counters().dropped.sessionReset).toBe(5)
  })
})

describe('members that begin at the same time', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))('agree on sessions in which nothing is lost (seed %d)', async (seed) => {
    const cluster = new VirtualCluster(seed)
    Object.assign(cluster.links.conditions, { lateness: seed % 4 === 0 ? 0 : 1, maxLate: 6, loss: seed % 3 === 0 ? 0.2 : 0 })
    const [a, b] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
    for (let i = 1; i <= 20; i++) {
      a.transport.send('b', append(i, 3000))
      b.transport.send('a', append(i, 3000))
      await cluster.run(10)
    }
    await cluster.run(5000)
    const all = Array.from({ length: 20 }, (_, i) => i + 1)
    expect(arrivedAppends(a).sort((x, y) => x - y)).toEqual(all)
    expect(arrivedAppends(b).sort((x, y) => x - y)).toEqual(all)
  })
})

describe('a partition', () => {
  it('that heals is noticed within a second, and the session goes on', async () => {
    const { cluster, a, b } = await talking()
    for (let i = 1; i <= 10; i++) a.transport.send('b', append(i, 100_000))
    cluster.links.conditions.loss = 1
    await cluster.run(5000)
    cluster.links.conditions.loss = 0
    await cluster.run(1500)
    expect(arrivedAppends(b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(a.transport.counters().sessionsOpened).toBe(1)
  })

  it('that heals is noticed at once when the other side is heard', async () => {
    const { cluster, a, b } = await talking()
    a.transport.send('b', append(1, 1000))
    cluster.links.conditions.loss = 1
    await cluster.run(4000)
    // Right after a probe was lost, so that the next is far away.
    const probes = a.transport.counters().probeTimeouts
    await cluster.run(2000, () => a.transport.counters().probeTimeouts > probes)
    cluster.links.conditions.loss = 0
    await cluster.run(10)
    b.transport.send('a', heartbeat(3))
    await cluster.run(2 * ROUND_TRIP)
    expect(arrivedAppends(b)).toEqual([1])
  })

  it('that lasts gives the session up, bounds what waits, and the members meet again afterwards', async () => {
    const cluster = new VirtualCluster(4)
    const [a, b] = (await cluster.startAll(['a', 'b'], { maxQueuedBytes: 1_000_000 })) as [Station, Station]
    await cluster.run(50)
    cluster.links.conditions.loss = 1
    for (let i = 1; i <= 100; i++) a.transport.send('b', append(i, 100_000))
    expect(a.transport.counters().dropped.queueFull).toBeGreaterThan(80)
    await cluster.run(30_000)
    expect(a.transport.counters().dropped.sessionReset).toBeGreaterThan(0)
    cluster.links.conditions.loss = 0
    a.transport.send('b', append(200, 100))
    await cluster.run(3000)
    expect(arrivedAppends(b)).toContain(200)
  })
})
