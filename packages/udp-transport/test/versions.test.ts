import { createDecipheriv, hkdfSync } from 'node:crypto'
import type { Datagram } from '@raft/simulator'
import { describe, expect, it } from 'vitest'
import { DatagramKind, decodeHandshake, encodeHandshake, type HandshakeDatagram, NO_NONCE } from '../src/datagram.js'
import { deriveSecrets, type SecretKeys } from '../src/secrets.js'
import { append, arrivedAppends, arrivedRounds, heartbeat, KEY, type Station, VirtualCluster } from './support/cluster.js'

/** The versions of the sealed datagrams that were sent. */
function sealedVersions(cluster: VirtualCluster): Set<number> {
  return new Set(cluster.recorded.filter(({ bytes }) => bytes[1] === DatagramKind.Sealed).map(({ bytes }) => bytes[0] as number))
}

/** The text of the shortest sealed datagram from the answerer, out of all that was recorded, by docs/formats.md alone. */
function openByTheBook(recorded: readonly Datagram[], version: number, label: string, algorithm: string): Buffer {
  const master = hkdf(KEY, 'test', 'raft-udp 1 session')
  const steps = recorded.filter(({ bytes }) => (bytes[1] as number) < DatagramKind.Sealed && bytes[0] === version)
  const answer = decodeHandshake(steps.find(({ bytes }) => bytes[1] === DatagramKind.Answer)?.bytes as Uint8Array)
  const confirmation = steps.map(({ bytes }) => decodeHandshake(bytes)).find(({ kind }) => kind === DatagramKind.Confirm)
  const beginner = confirmation as HandshakeDatagram
  const names = JSON.stringify([version, 'test', beginner.from, beginner.to])
  const secret = hkdf(hkdf(master, Buffer.concat([beginner.nonce, answer.nonce]), names), '', 'answerer to beginner')
  const sealed = recorded
    .map(({ bytes }) => Buffer.from(bytes))
    .filter((bytes) => bytes[1] === DatagramKind.Sealed && bytes.readUIntLE(2, 6) === beginner.senderSession)
    .sort((a, b) => a.length - b.length)[0] as Buffer
  const nonce = Buffer.concat([Buffer.alloc(4), sealed.subarray(10, 18)])
  const decipher = createDecipheriv(algorithm as 'aes-256-gcm', hkdf(secret, '', `${label} 0`), nonce, { authTagLength: 16 })
  decipher.setAAD(sealed.subarray(0, 18))
  decipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(18, -16)), decipher.final()])
}

function hkdf(key: Uint8Array, salt: string | Uint8Array, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, info, 32))
}

/** The member reads and writes this version and those before alone, as it did before there was another. */
function holdBack(cluster: VirtualCluster, id: string, version: number): void {
  const keys: SecretKeys[] = []
  deriveSecrets([KEY], 'test', (_, derived) => keys.push(...derived))
  const address = VirtualCluster.address(id)
  cluster.filter = ({ bytes, to }) => {
    if ((bytes[0] as number) <= version) return true
    if (bytes[1] === DatagramKind.Hello && to.address !== address) {
      const old = encodeHandshake({ ...decodeHandshake(bytes), version }, false, keys[0]?.authenticationKey as Uint8Array, NO_NONCE)
      cluster.network.inject({ bytes: old, from: VirtualCluster.endpoint(id), to })
    }
    return false
  }
}

async function talk(cluster: VirtualCluster, a: Station, b: Station) {
  a.transport.send('b', heartbeat(1))
  b.transport.send('a', heartbeat(2))
  a.transport.send('b', append(1, 100_000))
  await cluster.run(2000)
  expect(arrivedRounds(a)).toEqual([2])
  expect(arrivedRounds(b)).toEqual([1])
  expect(arrivedAppends(b)).toEqual([1])
}

describe('versions of datagrams', () => {
  it('members speak the newest', async () => {
    const cluster = new VirtualCluster(3)
    cluster.recording = true
    const [a, b] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
    await talk(cluster, a, b)
    expect(sealedVersions(cluster)).toEqual(new Set([3]))
    expect(openByTheBook(cluster.recorded, 3, 'short epoch', 'chacha20-poly1305').length).toBeGreaterThan(0)
  })

  it.each([
    [1, 'epoch', 'aes-256-gcm'],
    [2, 'short epoch', 'chacha20-poly1305'],
  ])(
    'a member that is not upgraded yet, drops the newest and begins in version %d, is answered in it',
    async (version, label, algorithm) => {
      const cluster = new VirtualCluster(4)
      holdBack(cluster, 'b', version)
      cluster.recording = true
      const [a, b] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
      await cluster.run(20)
      // At once, though a has begun too: its hello is in vain.
      expect(a.transport.counters().sessionsOpened).toBe(1)
      await talk(cluster, a, b)
      expect(sealedVersions(cluster)).toEqual(new Set([version]))
      expect(openByTheBook(cluster.recorded, version, label, algorithm).length).toBeGreaterThan(0)
    },
  )

  it.each([
    ['a', 'b', 1],
    ['b', 'a', 1],
    ['a', 'b', 2],
    ['b', 'a', 2],
  ])(
    '%s is upgraded, and %s, of version %d, goes on sending in the session before: they find each other all the same',
    async (upgraded, old, version) => {
      const cluster = new VirtualCluster(5)
      holdBack(cluster, old, version)
      const [a, b] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
      await talk(cluster, a, b)
      const [before, other] = upgraded === 'a' ? [a, b] : [b, a]
      await before.transport.close()
      const again = await cluster.start(upgraded, ['a', 'b'])
      // As a leader's, twice as often as a hello is sent again: each hastens the hello that is not understood.
      for (let round = 10; round < 50; round++) {
        other.transport.send(upgraded, heartbeat(round))
        await cluster.run(50)
      }
      expect(arrivedRounds(again).at(-1)).toBe(49)
    },
  )

  it('others are counted and dropped', async () => {
    const cluster = new VirtualCluster(6)
    const [, b] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
    const before = b.transport.counters().dropped.unknownVersion
    for (const version of [0, 4, 255]) {
      const bytes = Uint8Array.of(version, DatagramKind.Hello)
      cluster.network.inject({ bytes, from: VirtualCluster.endpoint('a'), to: VirtualCluster.endpoint('b') })
    }
    await cluster.run(10)
    expect(b.transport.counters().dropped.unknownVersion - before).toBe(3)
  })
})
