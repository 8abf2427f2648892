import {
  type CommandResult,
  decodeCommand,
  decodeResult,
  encodeCommand,
  encodeGetResult,
  encodePut,
  encodeRangeResult,
  encodeResult,
  Operation,
} from '@raft/commands'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ClientEndpoint,
  decodeError,
  decodeGet,
  decodeRange,
  decodeStatus,
  encodeError,
  encodeGet,
  encodeRange,
  encodeStatus,
  FrameDecoder,
  FrameEncoder,
  type Request,
  readRequests,
  ServerEndpoint,
  writeRequest,
} from '../../src/protocol/index.js'
import { decodeCommand as decodeAnew } from '../support/decode-command.js'

const u64 = fc.oneof(fc.maxSafeNat(), fc.nat(1000))
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const bytes = fc.uint8Array({ maxLength: 40 })
const key = fc.uint8Array({ minLength: 1, maxLength: 40 })
const flag = fc.boolean()
const entry = fc.record({ key, value: bytes, createRevision: u64, modRevision: u64, version: u64 })
const range = fc.oneof(fc.record({ prefix: bytes, limit: u32 }), fc.record({ prefix: bytes, after: bytes, limit: u32 }))
const revisions = { createRevision: u64, modRevision: u64, version: u64 }
const consistency = fc.constantFrom('linearizable' as const, 'lease' as const, 'local' as const)
const type = <Name extends string>(name: Name) => fc.constant(name)
const stepResult = fc.oneof(
  fc.record({ type: type('put'), ...revisions }),
  fc.record({ type: type('delete'), deleted: flag }),
  fc.record({ type: type('get'), entry: fc.option(entry) }),
  fc.record({ type: type('range'), more: flag, entries: fc.array(entry, { maxLength: 4 }) }),
)
const relation = fc.constantFrom('equal' as const, 'notEqual' as const, 'less' as const, 'greater' as const)
const compare = fc.oneof(
  fc.record({ key, relation, value: bytes }),
  fc.record({ key, relation, createRevision: u64 }),
  fc.record({ key, relation, modRevision: u64 }),
  fc.record({ key, relation, version: u64 }),
)
const step = fc.oneof(
  fc.record({ type: type('put'), key, value: bytes }),
  fc.record({ type: fc.constantFrom('delete' as const, 'get' as const), key }),
  range.map((selection) => ({ type: 'range' as const, ...selection })),
)
const command = fc.oneof(
  fc.record({ type: type('put'), key, value: bytes }),
  fc.record({ type: type('delete'), key }),
  fc.record({ type: type('compareAndSet'), key, prevRevision: u64, value: bytes }),
  fc.record({ type: type('transaction'), compare: fc.array(compare), success: fc.array(step), failure: fc.array(step) }),
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
  const results = (given: fc.Arbitrary<CommandResult>, operation: 1 | 2 | 3 | 4) =>
    [given, encodeResult, (body: Uint8Array) => decodeResult(operation, body)] as const
  roundTrip(
    'put',
    ...results(
      fc.record({ type: type('put'), ...revisions }).map((put) => ({ ...put, revision: put.modRevision })),
      Operation.put,
    ),
  )
  roundTrip('delete', ...results(fc.record({ type: type('delete'), revision: u64, deleted: flag }), Operation.delete))
  roundTrip(
    'compareAndSet',
    ...results(fc.record({ type: type('compareAndSet'), revision: u64, succeeded: flag, modRevision: u64 }), Operation.compareAndSet),
  )
  roundTrip(
    'transaction',
    ...results(
      fc.record({ type: type('transaction'), revision: u64, succeeded: flag, results: fc.array(stepResult, { maxLength: 5 }) }),
      Operation.transaction,
    ),
  )
  roundTrip('get', fc.record({ revision: u64, entry: fc.option(entry) }), encodeGetResult, (body) => decodeResult(Operation.get, body))
  roundTrip('range', fc.record({ revision: u64, entries: fc.array(entry, { maxLength: 5 }), more: flag }), encodeRangeResult, (body) =>
    decodeResult(Operation.range, body),
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

  roundTrip('commands', command, encodeCommand, decodeCommand)

  test('commands are read alike by a decoder that was written apart', () => {
    fc.assert(
      fc.property(command, (given) => {
        const read = plain(decodeAnew(encodeCommand(given)))
        if (given.type !== 'transaction') {
          const { type, ...fields } = given
          expect(read).toEqual({ operation: Operation[type], ...fields })
          return
        }
        const steps = (list: typeof given.success) =>
          list.map((one) => ({
            kind: Operation[one.type],
            key: one.type === 'range' ? one.prefix : one.key,
            value: one.type === 'put' ? one.value : new Uint8Array(0),
            after: 'after' in one ? one.after : null,
            limit: one.type === 'range' ? one.limit : 0,
          }))
        const relations = ['', 'equal', 'notEqual', 'less', 'greater']
        const targets = ['', 'value', 'createRevision', 'modRevision', 'version']
        expect(read).toEqual({
          operation: Operation.transaction,
          compares: given.compare.map(({ key, relation, ...operand }) => ({
            key,
            relation: relations.indexOf(relation),
            target: targets.indexOf(Object.keys(operand)[0] as string),
            operand: Object.values(operand)[0],
          })),
          success: steps(given.success),
          failure: steps(given.failure),
        })
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
      onResponse: (id, _kind, body) => answers.push([id, decodeResult(Operation.put, body).modRevision]),
    })
    for (const id of [1, 2]) client.request(id, 1, 0, encodePut(Buffer.from('k'), Buffer.from('v')))
    for (const byte of client.take() as Uint8Array) server.receive(Uint8Array.of(byte))
    expect(requests.map(({ id }) => id)).toEqual([1, 2])
    const greeting = server.take() as Uint8Array
    for (const id of [2, 1]) server.result(id, { type: 'put', revision: 10 + id, createRevision: 1, modRevision: 10 + id, version: 1 })
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
