import { ProtocolError } from '@raft/commands'
import { describe, expect, test } from 'vitest'
import {
  ClientEndpoint,
  decodeError,
  FrameDecoder,
  FrameEncoder,
  type Request,
  RequestKind,
  ResponseKind,
  readRequests,
  ServerEndpoint,
  writeRequest,
  writeResponse,
} from '../../src/protocol/index.js'

const MAX_FRAME = 1_000
const identity = { memberId: 'n1', clusterId: 'c' }

function framesOf(...bodies: readonly number[]): Uint8Array {
  const encoder = new FrameEncoder()
  const frames = bodies.map((length, i) => {
    writeRequest(encoder, i + 1, RequestKind.Write, 0, Buffer.alloc(length, i + 1))
    return encoder.take() as Uint8Array
  })
  return Buffer.concat(frames)
}

function head(length: number, more = 0): Uint8Array {
  const bytes = new Uint8Array(4 + more)
  new DataView(bytes.buffer).setUint32(0, length, true)
  return bytes
}

describe('a server', () => {
  function setUp() {
    const taken: Request[] = []
    const server = new ServerEndpoint({
      identity,
      maxFrameBytes: MAX_FRAME,
      maxRequestBytes: 900,
      onRequest: (request) => taken.push(request),
      onPending: () => {},
    })
    const errors = new Map<number, string>()
    const limits: (number | null)[] = []
    const client = new ClientEndpoint({
      onGreeting: ({ maxRequestBytes }) => limits.push(maxRequestBytes),
      onResponse: (id, kind, body) => {
        if (kind === ResponseKind.Error) errors.set(id, `${decodeError(body).outcome} ${decodeError(body).code}`)
      },
    })
    const toServer = client.take() as Uint8Array
    server.receive(toServer)
    const answers = () => {
      const bytes = server.take()
      if (bytes !== null) client.receive(bytes)
      return errors
    }
    return { server, taken, answers, limits }
  }

  test('tells its limit', () => {
    const { answers, limits } = setUp()
    answers()
    expect(limits).toEqual([900])
  })

  test.each([1, 2, 3, 13, 17, 500, 10_000])('skips a request that is too large, and refuses that one alone, in chunks of %i', (chunk) => {
    const { server, taken, answers } = setUp()
    const bytes = framesOf(10, 5_000, 20, MAX_FRAME, 0)
    for (let at = 0; at < bytes.length; at += chunk) server.receive(bytes.subarray(at, at + chunk))
    expect(taken.map(({ id, body }) => [id, body.length])).toEqual([
      [1, 10],
      [3, 20],
      [5, 0],
    ])
    expect(answers()).toEqual(
      new Map([
        [2, 'notAppended RAFT_COMMAND_TOO_LARGE'],
        [4, 'notAppended RAFT_COMMAND_TOO_LARGE'],
      ]),
    )
  })

  test('ends the connection when a frame that is too large holds more than one request, for these would be forgotten', () => {
    const { server } = setUp()
    const encoder = new FrameEncoder()
    for (let id = 1; id < 100; id++) writeRequest(encoder, id, RequestKind.Write, 0, new Uint8Array(20))
    expect(() => server.receive(encoder.take() as Uint8Array)).toThrow(/more than one request/)
  })
})

describe('a server that has no room for a frame that comes in pieces', () => {
  test('refuses its request alone, and takes what comes behind it', () => {
    const taken: number[] = []
    const errors: (string | number)[] = []
    let room = 100_000
    const server = new ServerEndpoint({
      identity,
      mayGather: (bytes) => {
        room -= bytes
        return room >= 0
      },
      onRequest: ({ id }) => taken.push(id),
      onPending: () => {},
    })
    const client = new ClientEndpoint({
      onGreeting: () => {},
      onResponse: (id, _kind, body) => errors.push(id, decodeError(body).code, decodeError(body).outcome),
    })
    server.receive(client.take() as Uint8Array)
    const bytes = framesOf(60_000, 100_000, 500_000, 20)
    let most = 0
    for (let at = 0; at < bytes.length; at += 1000) {
      server.receive(bytes.subarray(at, at + 1000))
      most = Math.max(most, server.gatheredBytes)
    }
    client.receive(server.take() as Uint8Array)
    expect(taken).toEqual([1, 2, 4])
    expect(errors).toEqual([3, 'RAFT_OVERLOADED', 'notAppended'])
    expect(most).toBeLessThan(200_000)
    expect(server.gatheredBytes).toBe(0)
  })

  test.each([1, 2, 4, 5, 9, 16, 17, 18])('refuses it too when its head was cut after %i bytes', (cut) => {
    const taken: number[] = []
    const errors = new Map<number, string>()
    const server = new ServerEndpoint({
      identity,
      mayGather: () => false,
      onRequest: ({ id }) => taken.push(id),
      onPending: () => {},
    })
    const client = new ClientEndpoint({
      onGreeting: () => {},
      onResponse: (id, _kind, body) => errors.set(id, decodeError(body).code),
    })
    server.receive(client.take() as Uint8Array)
    const bytes = framesOf(200_000, 20)
    server.receive(bytes.subarray(0, cut))
    server.receive(bytes.subarray(cut, cut + 100_000))
    server.receive(bytes.subarray(cut + 100_000))
    client.receive(server.take() as Uint8Array)
    expect(taken).toEqual([2])
    expect(errors).toEqual(new Map([[1, 'RAFT_OVERLOADED']]))
  })
})

describe('a frame that is too large', () => {
  const skipping = (onOversized: () => void = () => {}) => new FrameDecoder(MAX_FRAME, { headBytes: 13, onOversized })

  test('takes no memory', () => {
    const decoder = skipping()
    decoder.push(head(200 * 1024 * 1024), () => {})
    const chunk = new Uint8Array(1024 * 1024)
    let most = 0
    for (let i = 0; i < 200; i++) {
      decoder.push(chunk, () => {})
      most = Math.max(most, decoder.bufferedBytes)
    }
    expect(most).toBeLessThanOrEqual(13)
    const seen: number[] = []
    decoder.push(framesOf(10), (frame) => readRequests(frame, ({ body }) => seen.push(body.length)))
    expect(seen).toEqual([10])
  })

  test.each([256 * 1024 * 1024 + 1, 0xffff_ffff])('of %i bytes is not meant: the stream is given up', (length) => {
    expect(() => skipping().push(head(length), () => {})).toThrow(ProtocolError)
  })

  test('is told of once, when its head is there and before the rest is', () => {
    let told = 0
    const decoder = skipping(() => told++)
    decoder.push(head(5_000, 12), () => {})
    expect(told).toBe(0)
    decoder.push(new Uint8Array(1), () => {})
    expect(told).toBe(1)
    decoder.push(new Uint8Array(4_987), () => {})
    expect(told).toBe(1)
  })
})

describe('a client', () => {
  test.each([
    ['read', ResponseKind.Range, 'notAppended'],
    ['write', ResponseKind.Transaction, 'unknown'],
  ])('that gets an answer to a %s which is too large loses that one alone', (_what, kind, outcome) => {
    const answers = new Map<number, string>()
    const client = new ClientEndpoint({
      maxFrameBytes: MAX_FRAME,
      onGreeting: () => {},
      onResponse: (id, found, body) => {
        answers.set(id, found === ResponseKind.Error ? `${decodeError(body).outcome} ${decodeError(body).code}` : `${body.length} bytes`)
      },
    })
    const server = new ServerEndpoint({ identity, onRequest: () => {}, onPending: () => {} })
    server.receive(client.take() as Uint8Array)
    client.receive(server.take() as Uint8Array)
    const encoder = new FrameEncoder()
    for (const [id, length] of [
      [1, 10],
      [2, 2_000],
      [3, 30],
    ] as const) {
      writeResponse(encoder, id, kind, new Uint8Array(length))
      client.receive(encoder.take() as Uint8Array)
    }
    expect([...answers]).toEqual([
      [1, '10 bytes'],
      [2, `${outcome} RAFT_ANSWER_TOO_LARGE`],
      [3, '30 bytes'],
    ])
  })
})
