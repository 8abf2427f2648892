import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ClientEndpoint,
  type Compare,
  decodeCompareAndSetResult,
  decodeDeleteResult,
  decodeError,
  decodeGet,
  decodeGetResult,
  decodePutResult,
  decodeRange,
  decodeRangeResult,
  decodeStatus,
  decodeTransactionResult,
  encodeCompareAndSet,
  encodeCompareAndSetResult,
  encodeDelete,
  encodeDeleteResult,
  encodeError,
  encodeGet,
  encodeGetResult,
  encodePut,
  encodePutResult,
  encodeRange,
  encodeRangeResult,
  encodeStatus,
  encodeTransaction,
  encodeTransactionResult,
  FrameDecoder,
  FrameEncoder,
  type Request,
  readRequests,
  ServerEndpoint,
  type Step,
  StepKind,
  writeRequest,
} from '../../src/protocol/index.js'
import { decodeCommand } from '../support/decode-command.js'

const u64 = fc.oneof(fc.maxSafeNat(), fc.nat(1000))
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const bytes = fc.uint8Array({ maxLength: 40 })
const key = fc.uint8Array({ minLength: 1, maxLength: 40 })
const flag = fc.boolean()
const entry = fc.record({ key, value: bytes, createRevision: u64, modRevision: u64, version: u64 })
const range = fc.record({ prefix: bytes, after: fc.option(bytes), limit: u32 })
const put = fc.record({ createRevision: u64, modRevision: u64, version: u64 })
const consistency = fc.constantFrom('linearizable' as const, 'lease' as const, 'local' as const)
const stepResult = fc.oneof(
  put.map((result) => ({ kind: StepKind.Put, ...result })),
  flag.map((deleted) => ({ kind: StepKind.Delete, deleted })),
  fc.option(entry).map((found) => ({ kind: StepKind.Get, entry: found })),
  fc.record({ kind: fc.constant(StepKind.Range), more: flag, entries: fc.array(entry, { maxLength: 4 }) }),
)
const relation = fc.constantFrom('equal' as const, 'notEqual' as const, 'less' as const, 'greater' as const)
const compare: fc.Arbitrary<Compare> = fc.oneof(
  fc.record({ target: fc.constant('value' as const), relation, key, operand: bytes }),
  fc.record({
    target: fc.constantFrom('createRevision' as const, 'modRevision' as const, 'version' as const),
    relation,
    key,
    operand: u64,
  }),
)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant(StepKind.Put), key, value: bytes }),
  fc.record({ kind: fc.constantFrom(StepKind.Delete, StepKind.Get), key }),
  fc.record({ kind: fc.constant(StepKind.Range), range }),
)

/** With every view of Node's memory as the bare bytes that it holds. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
}

/** `decode(encode(x))` is `x`. */
function roundTrip<T>(
  name: string,
  values: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
): void {
  test(name, () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(plain(decode(encode(value)))).toEqual(value)
      }),
    )
  })
}

describe('what is written is what is read', () => {
  const text = fc.string({ unit: 'grapheme' })
  roundTrip('put', put, encodePutResult, decodePutResult)
  roundTrip('delete', fc.record({ revision: u64, deleted: flag }), encodeDeleteResult, decodeDeleteResult)
  roundTrip(
    'compareAndSet',
    fc.record({ revision: u64, succeeded: flag, modRevision: u64 }),
    encodeCompareAndSetResult,
    decodeCompareAndSetResult,
  )
  roundTrip(
    'transaction',
    fc.record({ revision: u64, succeeded: flag, results: fc.array(stepResult, { maxLength: 5 }) }),
    encodeTransactionResult,
    decodeTransactionResult,
  )
  roundTrip('get', fc.record({ revision: u64, entry: fc.option(entry) }), encodeGetResult, decodeGetResult)
  roundTrip(
    'range',
    fc.record({ revision: u64, entries: fc.array(entry, { maxLength: 5 }), more: flag }),
    encodeRangeResult,
    decodeRangeResult,
  )
  roundTrip(
    'error',
    fc.record({
      outcome: fc.constantFrom('notAppended' as const, 'unknown' as const),
      code: text,
      message: text,
      leader: fc.option(fc.record({ id: text, address: fc.option(text) })),
    }),
    encodeError,
    decodeError,
  )
  roundTrip(
    'status',
    fc.record({
      memberId: text,
      clusterId: text,
      role: text,
      term: u64,
      leaderId: fc.option(text),
      commitIndex: u64,
      appliedIndex: u64,
      revision: u64,
      members: fc.array(fc.record({ id: text, addresses: fc.record({ client: text }) })),
    }),
    encodeStatus,
    decodeStatus,
  )
  roundTrip('get request', fc.record({ consistency, key }), (query) => encodeGet(query.key, query.consistency), decodeGet)
  roundTrip('range request', fc.record({ consistency, range }), (query) => encodeRange(query.range, query.consistency), decodeRange)

  test('commands', () => {
    fc.assert(
      fc.property(key, bytes, u64, (key, value, prevRevision) => {
        expect(plain(decodeCommand(encodePut(key, value)))).toEqual({ operation: 1, key, value })
        expect(plain(decodeCommand(encodeDelete(key)))).toEqual({ operation: 2, key })
        expect(plain(decodeCommand(encodeCompareAndSet(key, prevRevision, value)))).toEqual({ operation: 3, key, prevRevision, value })
      }),
    )
    fc.assert(
      fc.property(fc.array(compare), fc.array(step), fc.array(step), (compare, success, failure) => {
        const decoded = decodeCommand(encodeTransaction({ compare, success, failure }))
        if (decoded.operation !== 4) throw new Error('no transaction')
        expect(plain(decoded.compares.map(({ key, operand }) => [key, operand]))).toEqual(compare.map(({ key, operand }) => [key, operand]))
        const flat = (one: Step) =>
          one.kind === StepKind.Range ? [one.kind, one.range.prefix, one.range.after] : [one.kind, one.key, null]
        expect(plain(decoded.success.map((one) => [one.kind, one.key, one.after]))).toEqual(success.map(flat))
        expect(plain(decoded.failure.map((one) => [one.kind, one.key, one.after]))).toEqual(failure.map(flat))
      }),
    )
  })
})

describe('a stream', () => {
  test('gives the same requests however it is cut, and whatever their sizes', () => {
    const bodies = fc.array(
      fc.oneof(
        bytes,
        fc.nat(200_000).map((length) => new Uint8Array(length).fill(length)),
      ),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(bodies, fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1 }), flag, (bodies, cuts, twice) => {
        const encoder = new FrameEncoder()
        const written: Uint8Array[] = []
        for (const [id, body] of bodies.entries()) {
          writeRequest(encoder, id, 1, id, body)
          if (twice && id % 3 === 0) written.push(encoder.take() ?? new Uint8Array(0))
        }
        written.push(encoder.take() ?? new Uint8Array(0))
        const stream = Buffer.concat(written)
        const seen: Request[] = []
        const decoder = new FrameDecoder()
        for (let at = 0, i = 0; at < stream.length; i++) {
          const end = at + (cuts[i % cuts.length] as number)
          decoder.push(stream.subarray(at, end), (frame) => readRequests(frame, (request) => seen.push(request)))
          at = end
        }
        expect(decoder.bufferedBytes).toBe(0)
        expect(seen.map(({ id, timeout, body }) => [id, timeout, Buffer.compare(body, bodies[id] as Uint8Array)])).toEqual(
          bodies.map((_, id) => [id, id, 0]),
        )
      }),
      { numRuns: 50 },
    )
  })

  test('both halves meet, byte by byte', () => {
    const requests: Request[] = []
    const answers: unknown[] = []
    let pending = 0
    const server = new ServerEndpoint({
      identity: { memberId: 'n1', clusterId: 'c' },
      onRequest: (request) => requests.push(request),
      onPending: () => {
        pending += 1
      },
    })
    const client = new ClientEndpoint({
      onGreeting: ({ memberId, clusterId, version }) => answers.push([memberId, clusterId, version]),
      onResponse: (id, _kind, body) => answers.push([id, decodePutResult(body).modRevision]),
    })
    for (const id of [1, 2]) client.request(id, 1, 0, encodePut(Buffer.from('k'), Buffer.from('v')))
    for (const byte of client.take() as Uint8Array) server.receive(Uint8Array.of(byte))
    expect(requests.map(({ id }) => id)).toEqual([1, 2])
    const greeting = server.take() as Uint8Array
    for (const id of [2, 1]) server.put(id, { createRevision: 1, modRevision: 10 + id, version: 1 })
    expect(pending).toBe(2)
    for (const byte of [...greeting, ...(server.take() as Uint8Array)]) client.receive(Uint8Array.of(byte))
    expect(answers).toEqual([
      ['n1', 'c', 2],
      [2, 12],
      [1, 11],
    ])
    expect([client.take(), server.take()]).toEqual([null, null])
  })

  test('bytes that were taken are not written to again', () => {
    const encoder = new FrameEncoder()
    const taken: { bytes: Uint8Array; copy: Buffer }[] = []
    for (let i = 0; i < 200; i++) {
      for (let j = 0; j < i % 7; j++) writeRequest(encoder, i, 1, 0, new Uint8Array((i * 997) % 30_000).fill(i))
      const bytes = encoder.take()
      if (bytes !== null) taken.push({ bytes, copy: Buffer.from(bytes) })
    }
    for (const { bytes, copy } of taken) expect(Buffer.compare(bytes, copy)).toBe(0)
  })
})
