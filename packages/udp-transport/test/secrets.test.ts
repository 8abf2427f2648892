import { hkdfSync, scryptSync } from 'node:crypto'
import { ConfigurationError } from '@raft/core'
import { describe, expect, it } from 'vitest'
import { UdpTransport, type UdpTransportOptions } from '../src/index.js'
import { deriveFormer, deriveKeys, deriveSecrets, type SecretKeys } from '../src/secrets.js'
import { append, arrivedAppends, arrivedRounds, heartbeat, KEY, OTHER_KEY, type Station, VirtualCluster } from './support/cluster.js'

const base = { id: 'a', clusterId: 'test', bind: '127.0.0.1:0' }
const make = (options: Partial<UdpTransportOptions>) => () => new UdpTransport({ ...base, ...options })

/** Both say something; who hears it? */
async function meet(secretsOfA: Partial<UdpTransportOptions>, secretsOfB: Partial<UdpTransportOptions>, speaker: 'a' | 'b' | 'both') {
  const cluster = new VirtualCluster(5)
  const a = await cluster.start('a', ['a', 'b'], secretsOfA)
  const b = await cluster.start('b', ['a', 'b'], secretsOfB)
  if (speaker !== 'b') a.transport.send('b', heartbeat(1))
  if (speaker !== 'a') b.transport.send('a', heartbeat(2))
  await cluster.run(2000)
  return { a, b, heard: { a: arrivedRounds(a), b: arrivedRounds(b) } }
}

describe('fault 12: no public default secret, and no plain text by accident', () => {
  it('refuses to be made without a secret', () => {
    expect(make({})).toThrow(/secrets is missing/)
    expect(make({ secrets: [] })).toThrow(ConfigurationError)
    expect(make({ secrets: [''] })).toThrow(/0 bytes/)
    expect(make({ secrets: ['fifteen bytes..'] })).toThrow(/at least 16/)
    expect(make({ secrets: ['long enough for a passphrase', new Uint8Array(15)] })).toThrow(/secrets\[1\]/)
  })

  it('refuses secrets and names that are no text: two of them would be the same bytes', () => {
    expect(make({ secrets: [`long enough for a passphrase${'\ud800'}`] })).toThrow(/secrets\[0\] has lone surrogates/)
    for (const option of ['id', 'clusterId'])
      expect(make({ secrets: [KEY], [option]: 'n\udc00' })).toThrow(new RegExp(`${option} must be text`))
    expect(make({ secrets: [KEY], id: '\ud83c\udf0d' })).not.toThrow()
  })

  it('refuses plain text along with secrets, and takes plain text only when asked in as many words', () => {
    expect(make({ secrets: [KEY], insecurePlainText: true })).toThrow(/exclude/)
    expect(make({ insecurePlainText: false })).toThrow(/secrets is missing/)
    expect(make({ insecurePlainText: true })).not.toThrow()
  })

  it('never writes a message in the clear, nor the secret', async () => {
    const cluster = new VirtualCluster()
    cluster.recording = true
    const [a, b] = (await cluster.startAll(['a', 'b'])) as [Station, Station]
    const needle = Buffer.from(append(1, 64).type === 'appendEntries' ? 'text that must not be seen on the wire' : '')
    await cluster.run(20)
    const message = append(1, 64)
    if (message.type === 'appendEntries') message.entries.payload(1).set(needle)
    a.transport.send('b', message)
    await cluster.run(20)
    expect(b.received).toHaveLength(1)
    const wire = Buffer.concat(cluster.recorded.map(({ bytes }) => bytes))
    expect(wire.includes(needle)).toBe(false)
    expect(wire.includes(Buffer.from(KEY))).toBe(false)
  })

  it('a member with a secret and one without do not understand each other, whichever speaks', async () => {
    const { heard, a, b } = await meet({}, { insecurePlainText: true }, 'both')
    expect(heard).toEqual({ a: [], b: [] })
    expect(a.transport.counters().dropped.unknownSecret).toBeGreaterThan(0)
    expect(b.transport.counters().dropped.unknownSecret).toBeGreaterThan(0)
  })

  it('two members in plain text understand each other', async () => {
    expect((await meet({ insecurePlainText: true }, { insecurePlainText: true }, 'both')).heard).toEqual({ a: [2], b: [1] })
  })
})

describe('secrets', () => {
  it('that differ keep members apart, with nothing delivered', async () => {
    const { heard, a } = await meet({ secrets: [KEY] }, { secrets: [OTHER_KEY] }, 'both')
    expect(heard).toEqual({ a: [], b: [] })
    expect(a.transport.counters()).toMatchObject({ sessionsOpened: 0, messagesReceived: 0 })
    expect(a.transport.counters().dropped.noSession + a.transport.counters().dropped.unknownSecret).toBeGreaterThan(0)
  })

  it('of another cluster keep members apart', async () => {
    expect((await meet({ clusterId: 'one' }, { clusterId: 'two' }, 'both')).heard).toEqual({ a: [], b: [] })
  })

  const old = { secrets: [KEY] }
  const oldAndNew = { secrets: [KEY, OTHER_KEY] }
  const newAndOld = { secrets: [OTHER_KEY, KEY] }
  const renewed = { secrets: [OTHER_KEY] }
  it.each([
    ['the new one added behind', oldAndNew, old],
    ['the new one put in front at once', newAndOld, old],
    ['some prefer the old one, some the new', oldAndNew, newAndOld],
    ['the old one taken away', newAndOld, renewed],
    ['the old one taken away while others still begin with it', oldAndNew, renewed],
  ])('are changed one member at a time: %s', async (_, first, second) => {
    for (const speaker of ['a', 'b', 'both'] as const) {
      for (const [a, b] of [
        [first, second],
        [second, first],
      ] as const) {
        const { heard } = await meet(a, b, speaker)
        expect(heard).toEqual({ a: speaker === 'a' ? [] : [2], b: speaker === 'b' ? [] : [1] })
      }
    }
  })

  it('that are not accepted yet give way to the next, also when the other side does not know whom to ask', async () => {
    const cluster = new VirtualCluster(8)
    const a = await cluster.start('a', ['a', 'b'], newAndOld)
    const b = await cluster.start('b', ['b', VirtualCluster.elsewhere('a')], old)
    a.transport.send('b', heartbeat(1))
    await cluster.run(2000)
    expect(arrivedRounds(b)).toEqual([1])
    expect(b.transport.counters().dropped.unknownSecret).toBeGreaterThan(0)
  })

  it('that are passphrases work, and are not the bytes of the same text', async () => {
    const phrase = 'correct horse battery staple, and then some'
    const { heard } = await meet({ secrets: [phrase] }, { secrets: [phrase] }, 'both')
    expect(heard).toEqual({ a: [2], b: [1] })
    const mixed = await meet({ secrets: [phrase] }, { secrets: [new TextEncoder().encode(phrase)] }, 'both')
    expect(mixed.heard).toEqual({ a: [], b: [] })
  })

  it('that are 64 hexadecimal digits are the 32 bytes that these stand for, and not stretched', async () => {
    const bytes = Uint8Array.from({ length: 32 }, (_, i) => 7 * i + 3)
    const digits = Buffer.from(bytes).toString('hex')
    for (const text of [digits, digits.toUpperCase()]) {
      const { heard } = await meet({ secrets: [text] }, { secrets: [bytes] }, 'both')
      expect(heard).toEqual({ a: [2], b: [1] })
    }
    for (const text of [digits.slice(2), `${digits}00`, `${digits.slice(1)}g`]) {
      const { heard } = await meet({ secrets: [text] }, { secrets: [Buffer.from(text, 'hex'), bytes] }, 'both')
      expect(heard).toEqual({ a: [], b: [] })
    }
  })
})

describe('64 hexadecimal digits, and a member of before, to whom they were a passphrase', () => {
  const digits = Buffer.from(OTHER_KEY).toString('hex')
  const stretched = () => scryptSync(digits, 'raft-udp 1 test', 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 })

  it('are understood by one another once the one of before has said something', async () => {
    const cluster = new VirtualCluster(5)
    const upgraded = await cluster.start('a', ['a', 'b'], { secrets: [digits] })
    const former = await cluster.start('b', ['a', 'b'], { secrets: [stretched()] })
    former.transport.send('a', heartbeat(1))
    await cluster.run(1000)
    expect(arrivedRounds(upgraded)).toEqual([])
    // Stretching takes time of the real clock.
    for (let i = 2; arrivedRounds(upgraded).length === 0 || arrivedRounds(former).length === 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      former.transport.send('a', heartbeat(i))
      upgraded.transport.send('b', heartbeat(i))
      await cluster.run(1000)
    }
    expect(upgraded.transport.counters().dropped.unknownSecret).toBeGreaterThan(0)
  })

  it('are the only secrets that have former keys', async () => {
    const keys = await new Promise<SecretKeys[]>((resolve) =>
      deriveFormer([digits, KEY, 'some other passphrase'], 'test', (_, all) => resolve(all)),
    )
    const [expected] = await new Promise<SecretKeys[]>((resolve) => deriveSecrets([stretched()], 'test', (_, all) => resolve(all)))
    expect(keys).toEqual([expected])
  })
})

describe('a session', () => {
  it('is replaced before its counters run out, with nothing lost', async () => {
    const cluster = new VirtualCluster(6)
    const [a, b] = (await cluster.startAll(['a', 'b'], { maxSessionDatagrams: 40 })) as [Station, Station]
    await cluster.run(50)
    for (let i = 1; i <= 300; i++) {
      a.transport.send('b', append(i, 100))
      await cluster.run(5)
    }
    await cluster.run(2000)
    expect(arrivedAppends(b)).toHaveLength(300)
    expect(a.transport.counters().sessionsOpened).toBeGreaterThan(5)
  })
})

describe('keys for something else', () => {
  const HEX = '00112233445566778899aabbccddeeff'.repeat(2)
  const hex = (keys: readonly Uint8Array[]) => keys.map((key) => Buffer.from(key).toString('hex'))

  it('are one for each secret, in their order, and others for another cluster or purpose', async () => {
    const keys = hex(await deriveKeys([HEX, KEY, 'a passphrase of many bytes'], 'c', 'p'))
    expect(keys[0]).toBe(Buffer.from(hkdfSync('sha256', Buffer.from(HEX, 'hex'), 'c', 'p', 32)).toString('hex'))
    expect(keys[1]).toBe(Buffer.from(hkdfSync('sha256', KEY, 'c', 'p', 32)).toString('hex'))
    const others = [...hex(await deriveKeys([HEX], 'd', 'p')), ...hex(await deriveKeys([HEX], 'c', 'q'))]
    expect(new Set([...keys, ...others]).size).toBe(5)
  })

  it('are not made of secrets that can be guessed', async () => {
    await expect(deriveKeys([], 'c', 'p')).rejects.toThrow(ConfigurationError)
    await expect(deriveKeys(['fifteen bytes..'], 'c', 'p')).rejects.toThrow(/at least 16/)
  })
})
