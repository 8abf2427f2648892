import { FormatError } from '@raft/core'
import { expect, test } from 'vitest'
import { DATAGRAM_VERSION, DatagramKind, decodeHandshake, encodeHandshake, NO_NONCE } from '../src/datagram.js'

const KEY = new Uint8Array(32)

function handshake(from: string, to: string): Buffer {
  const numbers = {
    hint: 1,
    senderSession: 2,
    receiverSession: 3,
    maxDatagram: 1200,
    window: 1,
    sessionKnown: false,
    identity: null,
    refusal: null,
    remembered: null,
  }
  return encodeHandshake(
    { version: DATAGRAM_VERSION, kind: DatagramKind.Hello, from, to, nonce: NO_NONCE, ...numbers },
    false,
    KEY,
    NO_NONCE,
  )
}

test('names in a handshake come out as they went in, a mark at their beginning included', () => {
  const names = { from: '\ufeffn1', to: 'ñ2' }
  expect(decodeHandshake(handshake(names.from, names.to))).toMatchObject(names)
})

test('a handshake whose names are not UTF-8 is refused: all of them would be the same member', () => {
  const bytes = handshake('n1', 'n?')
  bytes[bytes.lastIndexOf('n?') + 1] = 0xff
  expect(() => decodeHandshake(bytes)).toThrow(FormatError)
})
