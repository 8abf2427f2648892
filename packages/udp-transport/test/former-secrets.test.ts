import { scrypt } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { DatagramKind, decodeHandshake } from '../src/datagram.js'
import { heartbeat, KEY, OTHER_KEY, VirtualCluster } from './support/cluster.js'

vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>()
  return { ...crypto, scrypt: vi.fn(crypto.scrypt) }
})

test('whatever comes under unknown secrets, a secret is stretched for members of before once, and not before', async () => {
  const cluster = new VirtualCluster(5)
  cluster.recording = true
  const a = await cluster.start('a', ['a', 'b'], { secrets: [Buffer.from(KEY).toString('hex')] })
  const b = await cluster.start('b', ['a', 'b'], { secrets: [OTHER_KEY] })
  expect(scrypt).not.toHaveBeenCalled()
  for (let round = 1; round <= 20; round++) {
    b.transport.send('a', heartbeat(round))
    a.transport.send('b', heartbeat(round))
    await cluster.run(500)
    // Keys are derived in real time.
    if (round === 10) await new Promise((resolve) => setTimeout(resolve, 500))
  }
  expect(a.transport.counters().dropped.unknownSecret).toBeGreaterThan(5)
  expect(scrypt).toHaveBeenCalledTimes(1)
  // Members of before cannot read the hellos of this version: none is spent on their secrets.
  const hints = cluster.recorded.filter(
    ({ bytes, from }) => from.address === VirtualCluster.address('a') && bytes[1] === DatagramKind.Hello,
  )
  expect(new Set(hints.map(({ bytes }) => decodeHandshake(bytes).hint)).size).toBe(1)
})
