import { afterEach, describe, expect, it } from 'vitest'
import { UdpTransport } from '../src/index.js'
import { append, arrivedAppends, arrivedRounds, heartbeat, KEY, type Station } from './support/cluster.js'

const open: UdpTransport[] = []
afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close()
})

async function start(id: string, bind = '127.0.0.1:0'): Promise<Station & { address: string; changed: () => Promise<void> }> {
  const transport = new UdpTransport({ id, clusterId: 'loopback', bind, secrets: [KEY] })
  open.push(transport)
  let wake = () => {}
  const station = {
    id,
    transport,
    received: [] as Station['received'],
    unreachable: [] as string[],
    address: '',
    changed: () => new Promise<void>((resolve) => (wake = resolve)),
  }
  transport.attach(0, {
    onMessage: (from, message) => {
      station.received.push({ from, message })
      wake()
    },
    onUnreachable: (peer) => {
      station.unreachable.push(peer)
      wake()
    },
  })
  await transport.start()
  const { address, port } = transport.local as { address: string; port: number }
  station.address = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  return station
}

function introduce(...stations: { id: string; transport: UdpTransport; address: string }[]): void {
  const members = stations.map(({ id, address }) => ({ id, addresses: { peer: address } }))
  for (const { transport } of stations) transport.setMembers(0, members)
}

describe('on real sockets', () => {
  it.each(['127.0.0.1:0', '[::1]:0', 'localhost:0'])('two members at %s exchange messages small and large', async (bind) => {
    const a = await start('a', bind)
    const b = await start('b', bind)
    introduce(a, b)
    a.transport.send('b', heartbeat(1))
    for (let i = 1; i <= 40; i++) a.transport.send('b', append(i, 500_000))
    while (b.received.length < 41) await b.changed()
    b.transport.send('a', heartbeat(2))
    while (a.received.length < 1) await a.changed()
    expect(arrivedRounds(b)).toEqual([1])
    expect(arrivedAppends(b)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
    expect(arrivedRounds(a)).toEqual([2])
    expect(a.transport.counters().dropped.queueFull).toBe(0)
  })

  it('tells of a member at whose address nobody listens', async () => {
    const a = await start('a')
    const gone = await start('gone')
    await gone.transport.close()
    introduce(a, gone)
    while (a.unreachable.length === 0) await a.changed()
    expect(a.unreachable[0]).toBe('gone')
    expect(a.transport.counters().refused).toBeGreaterThan(0)
  })
})
