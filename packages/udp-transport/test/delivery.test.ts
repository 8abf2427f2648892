import { describe, expect, it } from 'vitest'
import { append, arrivedAppends, arrivedRounds, heartbeat, type Station, VirtualCluster } from './support/cluster.js'

const sendTo = (station: Station, to: string, ...messages: Parameters<Station['transport']['send']>[1][]) => {
  for (const message of messages) station.transport.send(to, message)
}

describe('two members', () => {
  it('meet as soon as they know each other, and exchange messages', async () => {
    const cluster = new VirtualCluster()
    const [a, b] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
    await cluster.run(50)
    sendTo(a, 'b', heartbeat(1))
    sendTo(b, 'a', heartbeat(2))
    await cluster.run(1.5)
    expect(arrivedRounds(b)).toEqual([1])
    expect(arrivedRounds(a)).toEqual([2])
  })

  it('pack the messages of a turn into one datagram', async () => {
    const cluster = new VirtualCluster()
    const [a, b] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
    await cluster.run(50)
    const before = a.transport.counters().datagramsSent
    for (let round = 0; round < 20; round++) sendTo(a, 'b', heartbeat(round))
    sendTo(a, 'b', append(1, 100), append(2, 100))
    await cluster.run(1.5)
    expect(arrivedRounds(b)).toHaveLength(20)
    expect(arrivedAppends(b)).toEqual([1, 2])
    expect(a.transport.counters().datagramsSent - before).toBe(1)
  })

  it.each([0.05, 0.2])('fault 10: a 10 MB entry, far larger than a datagram, gets through a loss of %d', async (loss) => {
    const cluster = new VirtualCluster(3)
    Object.assign(cluster.links.conditions, { delay: 0.5, lateness: 1, maxLate: 0.2 })
    const [a, b] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
    await cluster.run(50)
    cluster.links.conditions.loss = loss
    sendTo(a, 'b', append(1, 10_000_000), append(2, 100))
    await cluster.run(120_000, () => b.received.length >= 2)
    expect(arrivedAppends(b)).toEqual([1, 2])
  })
})
