import { readFileSync } from 'node:fs'
import { FormatError } from '@raft/core'
import { describe, expect, it } from 'vitest'
import { DatagramKind, decodeHandshake, encodeHandshake, type HandshakeDatagram, isAuthentic } from '../src/datagram.js'

const KEY = new Uint8Array(32).fill(7)
const RECEIVER_NONCE = new Uint8Array(32).fill(9)

const hello: HandshakeDatagram = {
  version: 3,
  kind: DatagramKind.Hello,
  hint: 0x01020304,
  from: 'n1',
  to: 'n2',
  senderSession: 0x0a0b0c0d0e0f,
  receiverSession: 0,
  nonce: Uint8Array.from({ length: 32 }, (_, i) => i),
  maxDatagram: 1472,
  window: 200_000,
  sessionKnown: false,
  identity: {
    storeId: '101112131415161718191a1b1c1d1e1f',
    starts: 3,
    history: [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5, 6, 7, 8)],
    voters: '["n1","n2","n3"]',
  },
  refusal: null,
  remembered: null,
}

const remembered = { storeId: '202122232425262728292a2b2c2d2e2f', starts: 4 }
const refusal: HandshakeDatagram = { ...hello, kind: DatagramKind.Refusal, receiverSession: 5, refusal: 'runsTwice', remembered }

const steps: Readonly<Record<string, HandshakeDatagram>> = {
  hello,
  'hello of version 2': { ...hello, version: 2, identity: null },
  'hello without an identity': { ...hello, identity: null },
  refusal,
  'refusal of other voters': { ...refusal, refusal: 'otherVoters', remembered: null },
}

const fixtures = JSON.parse(readFileSync(new URL('./fixtures/handshakes.json', import.meta.url), 'utf8')) as Record<string, string>

const encode = (step: HandshakeDatagram) => encodeHandshake(step, false, KEY, RECEIVER_NONCE)

describe('the bytes of handshakes', () => {
  it.each(Object.keys(steps))('of a %s are those of docs/formats.md', (name) => {
    const step = steps[name] as HandshakeDatagram
    const bytes = Buffer.from(fixtures[name] as string, 'hex')
    expect(encode(step).toString('hex')).toBe(bytes.toString('hex'))
    expect(decodeHandshake(new Uint8Array(bytes))).toEqual(step)
    expect(isAuthentic(bytes, KEY, RECEIVER_NONCE)).toBe(true)
  })

  it('that were cut, or are longer than they should be, are refused', () => {
    const bytes = new Uint8Array(encode(hello))
    for (let length = 0; length < bytes.length; length++) expect(() => decodeHandshake(bytes.subarray(0, length))).toThrow(FormatError)
    expect(() => decodeHandshake(Uint8Array.of(...bytes, 0))).toThrow(FormatError)
  })

  it('that refuse for no reason that is known, or without saying what is remembered and by whom, are refused', () => {
    for (const reason of [0, 5, 255]) {
      const bytes = new Uint8Array(encode(refusal))
      bytes[62] = reason
      expect(() => decodeHandshake(bytes)).toThrow(FormatError)
    }
    for (const missing of [{ identity: null }, { remembered: null }])
      expect(() => decodeHandshake(new Uint8Array(encode({ ...refusal, ...missing })))).toThrow(FormatError)
  })
})
