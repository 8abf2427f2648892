import type { Datagram } from '@raft/simulator'
import { describe, expect, it } from 'vitest'
import { zeroCounters } from '../src/counters.js'
import { BulkSender } from '../src/sending/bulk-sender.js'
import { LossRecovery } from '../src/sending/loss-recovery.js'
import { append, arrivedAppends, arrivedRounds, heartbeat, type Station, VirtualCluster } from './support/cluster.js'

const kindOf = ({ bytes }: Datagram) => bytes[1]
const isTo = (id: string, { to }: Datagram) => to.address === VirtualCluster.address(id)
const CONFIRM = 3
const SEALED = 4

describe('a session that only one of two members has', () => {
  it('is noticed by the other, even while it hears the first in another session', async () => {
    const cluster = new VirtualCluster(61)
    const held: Datagram[] = []
    let holding = true
    cluster.filter = (sent) => {
      if (kindOf(sent) === CONFIRM && holding) held.push(sent)
      return !(kindOf(sent) === CONFIRM && holding)
    }
    const release = async (to: string) => {
      const sent = held.find((one) => isTo(to, one)) as Datagram
      cluster.network.inject(sent)
      await cluster.run(5)
    }
    // Both begin, and each session is confirmed to the other side only; what a has sent in its own cannot be delivered.
    const [a, b] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
    await cluster.run(3000, () => held.some((one) => isTo('a', one)) && held.some((one) => isTo('b', one)))
    await release('b')
    holding = false
    cluster.filter = (sent) => kindOf(sent) !== SEALED || !isTo('b', sent) || sent.bytes.length < 400
    a.transport.send('b', append(1, 1000))
    await cluster.run(5)
    await release('a')
    expect([a, b].map(({ transport }) => transport.counters().sessionsOpened)).toEqual([2, 2])
    await cluster.run(12_000)
    expect(a.transport.counters().dropped.sessionReset).toBe(1)
    for (let round = 1; round <= 60; round++) {
      a.transport.send('b', heartbeat(round))
      b.transport.send('a', heartbeat(round))
      await cluster.run(50)
    }
    expect(arrivedRounds(b)).toContain(60)
    expect(arrivedRounds(a)).toContain(60)
  })
})

describe('a member whose address another does not know', () => {
  it('is answered where it says hello from, also after a restart', async () => {
    const cluster = new VirtualCluster(66)
    const b = await cluster.start('b', ['b', VirtualCluster.elsewhere('a')])
    const a = await cluster.start('a', ['a', 'b'])
    a.transport.send('b', heartbeat(1))
    await cluster.run(100)
    await a.transport.close()
    const again = await cluster.start('a', ['a', 'b'])
    again.transport.send('b', heartbeat(2))
    await cluster.run(100)
    expect(arrivedRounds(b)).toEqual([1, 2])
  })
})

describe('bulk', () => {
  it('goes on whichever datagram is lost, when what came ahead fills the receiver', async () => {
    for (let lost = 1; lost <= 90; lost++) {
      const cluster = new VirtualCluster(62)
      const [a, b] = (await cluster.startAll(['a', 'b'], { maxMessageBytes: 20_000 })) as [Station, Station]
      await cluster.run(50)
      let count = 0
      cluster.filter = (sent) => !isTo('b', sent) || kindOf(sent) !== SEALED || ++count !== lost
      for (let i = 1; i <= 12; i++) a.transport.send('b', append(i, i % 2 === 0 ? 10 : 19_900))
      await cluster.run(2000)
      expect(arrivedAppends(b), `datagram ${lost} was lost`).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    }
  })

  it('larger than the receiver takes is dropped there and counted, and what follows is not held up', async () => {
    const cluster = new VirtualCluster(63)
    const a = await cluster.start('a', ['a', 'b'])
    const b = await cluster.start('b', ['a', 'b'], { maxMessageBytes: 20_000 })
    await cluster.run(50)
    a.transport.send('b', append(1, 10))
    a.transport.send('b', append(2, 50_000))
    a.transport.send('b', append(3, 10))
    await cluster.run(500)
    expect(arrivedAppends(b)).toEqual([1, 3])
    expect(b.transport.counters().dropped.messageTooLarge).toBe(1)
  })
})

describe('congestion control', () => {
  it('keeps no window that the receiver never let it use, so that a loss slows the sender down', () => {
    const datagram = 1200
    const peerWindow = 100 * 2560
    const recovery = new LossRecovery(datagram, peerWindow, new BulkSender(zeroCounters()), zeroCounters(), null)
    let sent = 0
    for (let now = 0; now < 2000; now += 10) {
      const first = sent
      while (recovery.hasRoom(datagram)) recovery.onSent(sent++, datagram, [], now)
      recovery.onAcknowledgement({ ranges: [{ first, last: sent - 1 }], delay: 0, window: peerWindow }, sent, now + 5)
    }
    expect(recovery.congestion.window).toBeLessThan(2.5 * 100 * datagram)
  })

  it('probes no more often than at first, however much is heard from a peer that hears nothing', async () => {
    const cluster = new VirtualCluster(64)
    const [a, b] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
    await cluster.run(50)
    cluster.filter = (sent) => !isTo('b', sent)
    a.transport.send('b', append(1, 1000))
    for (let round = 1; round <= 2000; round++) {
      b.transport.send('a', heartbeat(round))
      await cluster.run(1)
    }
    expect(arrivedRounds(a).length).toBeGreaterThan(1900)
    expect(a.transport.counters().probeTimeouts).toBeLessThan(400)
  })
})

describe('members that have nothing to say', () => {
  it('send nothing', async () => {
    const cluster = new VirtualCluster(65)
    const [a, b] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
    a.transport.send('b', append(1, 100_000))
    b.transport.send('a', heartbeat(1))
    await cluster.run(3000)
    expect(arrivedAppends(b)).toEqual([1])
    cluster.recording = true
    await cluster.run(60_000)
    expect(cluster.recorded).toEqual([])
  })
})
