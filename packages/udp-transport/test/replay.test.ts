import { describe, expect, it } from 'vitest'
import { append, arrivedAppends, arrivedRounds, heartbeat, type Station, VirtualCluster } from './support/cluster.js'

/** A and B have talked in sessions that either began; everything is on the attacker's tape. */
async function recordedTalk() {
  const cluster = new VirtualCluster(11)
  cluster.recording = true
  const [a, b] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
  await cluster.run(50)
  a.transport.send('b', heartbeat(1))
  a.transport.send('b', append(1, 5000))
  b.transport.send('a', heartbeat(2))
  await cluster.run(50)
  expect(arrivedRounds(a)).toEqual([2])
  expect(arrivedRounds(b)).toEqual([1])
  cluster.recording = false
  return { cluster, a, b }
}

/** Puts everything recorded on the network again, to either member, from its source and from another place. */
async function replayAll(cluster: VirtualCluster): Promise<void> {
  for (const { bytes, from, to } of [...cluster.recorded]) {
    for (const source of [from, { address: '66.6.6.6', port: 666 }])
      for (const target of [to, VirtualCluster.endpoint('a'), VirtualCluster.endpoint('b')])
        cluster.network.inject({ bytes, from: source, to: target })
    await cluster.run(3)
  }
  await cluster.run(500)
}

describe('a recorded datagram that is sent again', () => {
  it('delivers nothing while the session lasts, and does not disturb it', async () => {
    const { cluster, a, b } = await recordedTalk()
    const heard = [a.received.length, b.received.length]
    const opened = a.transport.counters().sessionsOpened
    await replayAll(cluster)
    expect([a.received.length, b.received.length]).toEqual(heard)
    expect(a.transport.counters().sessionsOpened).toBe(opened)
    const { replayed, staleHandshake } = b.transport.counters().dropped
    expect(replayed).toBeGreaterThan(0)
    expect(staleHandshake).toBeGreaterThan(0)
    a.transport.send('b', heartbeat(3))
    await cluster.run(1.5)
    expect(arrivedRounds(b)).toEqual([1, 3])
  })

  it.each([['a'], ['b'], ['a', 'b']])('delivers nothing after %s restarted (and the other)', async (...restarted) => {
    const { cluster } = await recordedTalk()
    for (const id of restarted) {
      await cluster.stations.get(id)?.transport.close()
      await cluster.start(id, ['a', 'b'])
    }
    const before = new Map([...cluster.stations].map(([id, station]) => [id, station.received.length]))
    await replayAll(cluster)
    for (const [id, station] of cluster.stations) expect(station.received).toHaveLength(before.get(id) ?? 0)
    cluster.stations.get('a')?.transport.send('b', heartbeat(9))
    await cluster.run(1000)
    expect(arrivedRounds(cluster.stations.get('b') as Station)).toContain(9)
  })

  it('delivers nothing where the members have not met again: the replayed handshake opens no session', async () => {
    const { cluster, a } = await recordedTalk()
    await a.transport.close()
    await cluster.stations.get('b')?.transport.close()
    const b = await cluster.start('b', ['b', VirtualCluster.elsewhere('a')])
    await replayAll(cluster)
    expect(b.received).toEqual([])
    expect(b.transport.counters()).toMatchObject({ sessionsOpened: 0, messagesReceived: 0 })
  })

  it('never makes a member send more than it was sent', async () => {
    const { cluster, a } = await recordedTalk()
    await a.transport.close()
    await cluster.stations.get('b')?.transport.close()
    const b = await cluster.start('b', ['b', VirtualCluster.elsewhere('a')])
    await replayAll(cluster)
    const { bytesSent, bytesReceived, datagramsSent } = b.transport.counters()
    expect(datagramsSent).toBeGreaterThan(0)
    expect(bytesSent).toBeLessThanOrEqual(bytesReceived)
  })

  it('does not keep the members from meeting, however often a hello is replayed meanwhile', async () => {
    const { cluster, a } = await recordedTalk()
    const hellos = cluster.recorded.filter(({ bytes }) => bytes[1] === 1)
    expect(hellos.length).toBeGreaterThan(0)
    await a.transport.close()
    const again = await cluster.start('a', ['a', 'b'])
    again.transport.send('b', append(5, 100_000))
    for (let i = 0; i < 300; i++) {
      for (const { bytes, from, to } of hellos) cluster.network.inject({ bytes, from, to })
      await cluster.run(0.1)
    }
    await cluster.run(100)
    expect(arrivedAppends(cluster.stations.get('b') as Station)).toContain(5)
    expect(again.transport.counters().sessionsOpened).toBe(1)
  })
})
