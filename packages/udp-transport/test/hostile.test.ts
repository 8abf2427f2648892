import { describe, expect, it } from 'vitest'
import { DatagramKind } from '../src/datagram.js'
import { append, arrivedAppends, arrivedRounds, heartbeat, type Station, VirtualCluster } from './support/cluster.js'

const ATTACKER = { address: '66.6.6.6', port: 666 }

async function talking(options = {}) {
  const cluster = new VirtualCluster(31)
  cluster.recording = true
  const [a, b] = (await cluster.startAll(['a', 'b'], options)) as [Station, Station]
  await cluster.run(50)
  a.transport.send('b', heartbeat(1))
  a.transport.send('b', append(1, 3000))
  await cluster.run(50)
  cluster.recording = false
  return { cluster, a, b }
}

describe('hostile datagrams', () => {
  it('100,000 random ones are counted, answered with nothing, and leave the session as it was', async () => {
    const { cluster, a, b } = await talking()
    const before = b.transport.counters()
    const random = cluster.random
    for (let i = 0; i < 100_000; i++) {
      const bytes = new Uint8Array(Math.floor(random() * 200))
      for (let j = 0; j < bytes.length; j++) bytes[j] = Math.floor(random() * 256)
      if (i % 2 === 0) bytes[0] = 1
      if (i % 4 === 0) bytes[1] = 1 + Math.floor(random() * 5)
      cluster.network.inject({ bytes, from: ATTACKER, to: VirtualCluster.endpoint('b') })
      if (i % 500 === 0) await cluster.run(0.01)
    }
    await cluster.run(10)
    const after = b.transport.counters()
    expect(after.datagramsReceived - before.datagramsReceived).toBeGreaterThanOrEqual(100_000)
    expect(after.datagramsSent - before.datagramsSent).toBeLessThan(10)
    expect(after.messagesReceived).toBe(before.messagesReceived)
    expect(after.dropped.unknownVersion).toBeGreaterThan(40_000)
    expect(after.dropped.unknownSession).toBeGreaterThan(1000)
    expect(after.dropped.malformed + after.dropped.unknownSecret).toBeGreaterThan(10_000)
    a.transport.send('b', heartbeat(2))
    await cluster.run(1.5)
    expect(arrivedRounds(b)).toEqual([1, 2])
  })

  it('50,000 mutations of true ones deliver nothing and open nothing', async () => {
    const { cluster, a, b } = await talking()
    const tape = cluster.recorded
    const heard = [a.received.length, b.received.length]
    const opened = b.transport.counters().sessionsOpened
    const random = cluster.random
    for (let i = 0; i < 50_000; i++) {
      const { bytes, to } = tape[i % tape.length] as (typeof tape)[number]
      let mutated = Uint8Array.from(bytes)
      const cut = i % 5 === 0
      if (cut) mutated = mutated.subarray(0, Math.floor(random() * mutated.length))
      // The counter is moved as well, as the replay window would catch the rest.
      if (mutated[1] === DatagramKind.Sealed && i % 2 === 0) mutated[10] = Math.floor(random() * 256)
      const at = Math.floor(random() * mutated.length)
      if (!cut) mutated[at] = (mutated[at] as number) ^ (1 + Math.floor(random() * 255))
      cluster.network.inject({ bytes: mutated, from: ATTACKER, to: to.port === 7000 ? to : VirtualCluster.endpoint('b') })
      if (i % 500 === 0) await cluster.run(0.01)
    }
    await cluster.run(100)
    expect([a.received.length, b.received.length]).toEqual(heard)
    expect(b.transport.counters().sessionsOpened).toBe(opened)
    expect(b.transport.counters().dropped.failedToOpen).toBeGreaterThan(1000)
    a.transport.send('b', heartbeat(2))
    b.transport.send('a', heartbeat(3))
    await cluster.run(1.5)
    expect(arrivedRounds(b)).toContain(2)
    expect(arrivedRounds(a)).toContain(3)
  })

  it('that are well made but forged, under the id of a session, with any counter, do not stall it', async () => {
    const { cluster, a, b } = await talking()
    const sealed = cluster.recorded.filter(({ bytes, to }) => bytes[1] === DatagramKind.Sealed && to.address === '10.0.0.2')
    const forged = Buffer.from(sealed.at(-1)?.bytes ?? [])
    expect(forged.length).toBeGreaterThan(0)
    for (let i = 0; i < 5000; i++) {
      forged.writeUIntLE(Math.floor(cluster.random() * 2 ** 47), 10, 6)
      cluster.network.inject({ bytes: forged, from: ATTACKER, to: VirtualCluster.endpoint('b') })
    }
    await cluster.run(5)
    for (let i = 2; i <= 50; i++) a.transport.send('b', append(i, 3000))
    await cluster.run(100)
    expect(arrivedAppends(b)).toHaveLength(50)
    expect(b.transport.counters().sessionsOpened).toBe(1)
  })

  it('from a spoofed source do not turn the answers away from a member with an address', async () => {
    const { cluster, a, b } = await talking()
    cluster.recording = true
    const mark = cluster.recorded.length
    for (const { bytes, to } of cluster.recorded.slice(0, mark)) cluster.network.inject({ bytes, from: ATTACKER, to })
    await cluster.run(10)
    a.transport.send('b', heartbeat(2))
    b.transport.send('a', heartbeat(3))
    await cluster.run(1500)
    expect(cluster.recorded.slice(mark).some(({ to }) => to.address === ATTACKER.address)).toBe(false)
    expect(arrivedRounds(b)).toContain(2)
  })

  it('corrupted on the way are dropped, and what they carried is sent again', async () => {
    const { cluster, a, b } = await talking()
    cluster.links.conditions.corruption = 0.1
    for (let i = 2; i <= 100; i++) a.transport.send('b', append(i, 20_000))
    await cluster.run(20_000)
    expect(arrivedAppends(b)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
    expect(b.transport.counters().dropped.failedToOpen).toBeGreaterThan(10)
  })

  it('corrupted on the way are noticed in plain text too', async () => {
    const { cluster, a, b } = await talking({ insecurePlainText: true })
    cluster.links.conditions.corruption = 0.1
    for (let i = 2; i <= 100; i++) a.transport.send('b', append(i, 20_000))
    await cluster.run(20_000)
    expect(arrivedAppends(b)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
  })

  it('a hello that nobody with the secret has written is not answered, and its sender not remembered', async () => {
    const { cluster, b } = await talking()
    const hello = cluster.recorded.find(({ bytes }) => bytes[1] === DatagramKind.Hello)?.bytes as Uint8Array
    const [answered, failed] = [b.transport.counters().handshakesAnswered, b.transport.counters().dropped.failedToOpen]
    for (let i = 0; i < 1000; i++) {
      const forged = Buffer.from(hello)
      forged.writeUInt32LE(i + 1, 30)
      cluster.network.inject({ bytes: forged, from: ATTACKER, to: VirtualCluster.endpoint('b') })
      cluster.network.inject({ bytes: forged, from: ATTACKER, to: VirtualCluster.endpoint('a') })
    }
    await cluster.run(100)
    expect(b.transport.counters().handshakesAnswered).toBe(answered)
    const dropped = b.transport.counters().dropped
    expect(dropped.failedToOpen - failed + dropped.wrongMember).toBe(1000)
  })

  it('a forged confirmation for a handshake that a replayed hello has begun replaces no session', async () => {
    const { cluster, b } = await talking()
    const tape = [...cluster.recorded]
    const of = (kind: number) => tape.find(({ bytes }) => bytes[1] === kind) as (typeof tape)[number]
    const [hello, confirm] = [of(DatagramKind.Hello), of(DatagramKind.Confirm)]
    const target = { address: hello.to.address, port: 7000 }
    cluster.recording = true
    cluster.network.inject({ bytes: hello.bytes, from: ATTACKER, to: target })
    await cluster.run(0.5)
    const answer = cluster.recorded.slice(tape.length).find(({ bytes }) => bytes[1] === DatagramKind.Answer)
    expect(answer).toBeDefined()
    const forged = Buffer.from(confirm.bytes)
    // The session for which the answer asks stands as the sender's there, and has to stand as the receiver's here.
    forged.set((answer as (typeof tape)[number]).bytes.subarray(6, 14), 14)
    cluster.network.inject({ bytes: forged, from: ATTACKER, to: target })
    await cluster.run(100)
    for (const station of cluster.stations.values()) expect(station.transport.counters().sessionsOpened).toBe(1)
    const failed = [...cluster.stations.values()].map(({ transport }) => transport.counters().dropped.failedToOpen)
    expect(failed).toContain(1)
    b.transport.send('a', heartbeat(5))
    await cluster.run(5)
  })
})
