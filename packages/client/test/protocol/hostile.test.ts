import { decodeResult, Operation, ProtocolError } from '@raft/commands'
import { describe, expect, test } from 'vitest'
import {
  ClientEndpoint,
  DEFAULT_MAX_FRAME_BYTES,
  decodeError,
  decodeGet,
  decodeRange,
  decodeServerPreamble,
  decodeStatus,
  encodeClientPreamble,
  encodeServerPreamble,
  FrameDecoder,
  FrameEncoder,
  readRequests,
  readResponses,
  ServerEndpoint,
  writeRequest,
} from '../../src/protocol/index.js'
import { samples } from './samples.js'

/** A fixed sequence, so that a failure comes again (mulberry32). */
function sequence(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

/** A few bytes changed, cut off, put in, or all of them at random. */
function mutate(source: Uint8Array, random: (below: number) => number): Buffer {
  const way = random(8)
  if (way === 0) return Buffer.from(Array.from({ length: random(64) }, () => random(256)))
  let bytes = Buffer.from(source)
  for (let i = random(3); i >= 0 && bytes.length > 0; i--) bytes[random(bytes.length)] = random(3) === 0 ? 0xff : random(256)
  if (way === 1) bytes = bytes.subarray(0, random(bytes.length + 1))
  if (way === 2) bytes = Buffer.concat([bytes, bytes.subarray(random(bytes.length + 1))])
  return bytes
}

function survives(what: () => void): boolean {
  try {
    what()
    return true
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return false
  }
}

describe('random and mutated bytes give a ProtocolError or a value, and nothing else', () => {
  const decoders: Record<string, (bytes: Uint8Array) => unknown> = {
    'body get': decodeGet,
    'body range after': decodeRange,
    'result put': (bytes) => decodeResult(Operation.put, bytes),
    'result delete': (bytes) => decodeResult(Operation.delete, bytes),
    'result compareAndSet': (bytes) => decodeResult(Operation.compareAndSet, bytes),
    'result transaction': (bytes) => decodeResult(Operation.transaction, bytes),
    'result get': (bytes) => decodeResult(Operation.get, bytes),
    'result range': (bytes) => decodeResult(Operation.range, bytes),
    status: decodeStatus,
    'error not leader': decodeError,
    'server preamble': decodeServerPreamble,
    'frame of two requests': (bytes) => readRequests(bytes, () => {}),
    'frame of one response': (bytes) => readResponses(bytes, () => {}),
  }

  test.each(Object.keys(decoders))('%s', (name) => {
    const random = sequence(name.length)
    let refused = 0
    for (let i = 0; i < 20_000; i++) {
      const bytes = mutate(samples[name] as Uint8Array, random)
      if (!survives(() => decoders[name]?.(bytes))) refused += 1
    }
    expect(refused).toBeGreaterThan(1_000)
  })

  test('a whole connection of the server and of the client, by 100,000 streams, in bounded memory', () => {
    const random = sequence(7)
    const toServer = Buffer.concat([encodeClientPreamble(), samples['frame of two requests'] as Uint8Array])
    const toClient = Buffer.concat([
      encodeServerPreamble(2, { memberId: 'n1', clusterId: 'c' }, 1_000),
      samples['frame of one response'] as Uint8Array,
    ])
    let served = 0
    let refused = 0
    const quiet = { identity: { memberId: 'n1', clusterId: 'c' }, onRequest: () => served++, onPending: () => {} }
    for (let i = 0; i < 100_000; i++) {
      const half =
        i % 2 === 0
          ? ([new ServerEndpoint(quiet), toServer] as const)
          : ([new ClientEndpoint({ onGreeting: () => {}, onResponse: () => served++ }), toClient] as const)
      const bytes = mutate(half[1], random)
      const cut = random(bytes.length + 1)
      if (!survives(() => half[0].receive(bytes.subarray(0, cut))) || !survives(() => half[0].receive(bytes.subarray(cut)))) refused += 1
    }
    expect(served).toBeGreaterThan(1_000)
    expect(refused).toBeGreaterThan(10_000)
  })
})

describe('a frame', () => {
  test('over the limit is refused before memory is taken for it', () => {
    const decoder = new FrameDecoder()
    const head = new Uint8Array(4)
    new DataView(head.buffer).setUint32(0, DEFAULT_MAX_FRAME_BYTES + 1, true)
    expect(() => decoder.push(head, () => {})).toThrow(/over the limit/)
  })

  test('that promises much and brings little takes the memory of what it brings', () => {
    const before = process.memoryUsage().arrayBuffers
    const decoders = Array.from({ length: 200 }, () => {
      const decoder = new FrameDecoder()
      const head = new Uint8Array(1_000)
      new DataView(head.buffer).setUint32(0, DEFAULT_MAX_FRAME_BYTES, true)
      decoder.push(head, () => {})
      return decoder
    })
    // 200 promises of 64 MiB each.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * 1024 * 1024)
    expect(decoders[0]?.bufferedBytes).toBe(996)
  })

  test('of 16 MiB in chunks of 1 KiB is not copied over and over', () => {
    const length = 16 * 1024 * 1024
    const decoder = new FrameDecoder()
    const head = new Uint8Array(4)
    new DataView(head.buffer).setUint32(0, length, true)
    const chunk = new Uint8Array(1024)
    let copied = 0
    const set = Uint8Array.prototype.set
    Uint8Array.prototype.set = function (source: ArrayLike<number>, offset?: number) {
      copied += source.length
      set.call(this, source, offset)
    }
    let frames = 0
    try {
      decoder.push(head, () => {})
      for (let i = 0; i < length / 1024; i++) decoder.push(chunk, () => frames++)
    } finally {
      Uint8Array.prototype.set = set
    }
    expect(frames).toBe(1)
    expect(copied).toBeLessThan(3 * length)
  })

  test('holds one item of the largest size whatever else leaves in the same turn', () => {
    const encoder = new FrameEncoder()
    const largest = DEFAULT_MAX_FRAME_BYTES - 13
    for (const length of [60_000, largest, 60_000]) writeRequest(encoder, 1, 1, 0, new Uint8Array(length))
    const seen: number[] = []
    new FrameDecoder().push(encoder.take() as Uint8Array, (frame) => readRequests(frame, ({ body }) => seen.push(body.length)))
    expect(seen).toEqual([60_000, largest, 60_000])
  })

  test('without content is refused', () => {
    expect(() => new FrameDecoder().push(new Uint8Array(4), () => {})).toThrow(ProtocolError)
  })
})

describe('versions', () => {
  test('a client of another version is told which ones are spoken, and refused', () => {
    const server = new ServerEndpoint({ identity: { memberId: 'n1', clusterId: 'c' }, onRequest: () => {}, onPending: () => {} })
    expect(() => server.receive(encodeClientPreamble({ oldest: 3, newest: 4 }))).toThrow(/versions 3 to 4/)
    const answer = decodeServerPreamble(server.take() as Uint8Array)
    expect(answer?.preamble).toEqual({ version: 0, oldest: 1, newest: 2, memberId: 'n1', clusterId: 'c', maxRequestBytes: null })
    expect(() => server.receive(new Uint8Array(1))).toThrow(ProtocolError)
  })

  test('a client of several versions gets the newest that fits', () => {
    const server = new ServerEndpoint({ identity: { memberId: 'n1', clusterId: 'c' }, onRequest: () => {}, onPending: () => {} })
    server.receive(encodeClientPreamble({ oldest: 1, newest: 9 }))
    expect(decodeServerPreamble(server.take() as Uint8Array)?.preamble.version).toBe(2)
  })

  test('a client of version 1 gets a preamble of version 1, byte for byte as before but for what is spoken', () => {
    const server = new ServerEndpoint({ identity: { memberId: 'n1', clusterId: 'c' }, onRequest: () => {}, onPending: () => {} })
    server.receive(encodeClientPreamble({ oldest: 1, newest: 1 }))
    expect(server.take()).toEqual(samples['server preamble of version 1'])
  })

  test('a server of version 1 is spoken to, and says nothing of its limit', () => {
    const greetings: unknown[] = []
    const client = new ClientEndpoint({ onGreeting: (server) => greetings.push(server), onResponse: () => {} })
    client.receive(Buffer.from('af52414654010101026e310163', 'hex'))
    expect(greetings).toEqual([{ version: 1, oldest: 1, newest: 1, memberId: 'n1', clusterId: 'c', maxRequestBytes: null }])
  })

  test('a server of another version is named, with what to do', () => {
    const client = new ClientEndpoint({ onGreeting: () => {}, onResponse: () => {} })
    const preamble = encodeServerPreamble(0, { memberId: 'n1', clusterId: 'c' }, 1_000, { oldest: 4, newest: 5 })
    expect(() => client.receive(preamble)).toThrow(/n1 speaks versions 4 to 5.*use a client of the cluster's version/)
  })

  test('no HTTP request begins as the protocol does, and the first wrong byte is enough', () => {
    const server = new ServerEndpoint({ identity: { memberId: 'n1', clusterId: 'c' }, onRequest: () => {}, onPending: () => {} })
    expect(() => server.receive(Buffer.from('G'))).toThrow(/client address/)
  })
})
