import type { Command, Compare, Range, Step } from '@raft/commands'
import fc from 'fast-check'

const buffer = (constraints: fc.IntArrayConstraints) => fc.uint8Array(constraints).map((array) => Buffer.from(array))

/** Few keys, close together, that begin with one another and hold the bytes at the edges of every comparison. */
const key = fc.array(fc.constantFrom(0, 0x61, 0x7f, 0x80, 0xc3, 0xff), { minLength: 1, maxLength: 3 }).map((array) => Buffer.from(array))
const long = fc.constantFrom(70, 200, 4097).map((length) => Buffer.alloc(length, 'l'))
const value = fc.oneof({ weight: 19, arbitrary: buffer({ maxLength: 4 }) }, { weight: 1, arbitrary: long })
const relation = fc.constantFrom('equal' as const, 'notEqual' as const, 'less' as const, 'greater' as const)
const small = fc.nat(12)

export const rangeRequest: fc.Arbitrary<Range> = fc.record(
  { prefix: fc.oneof(key, fc.constant(Buffer.alloc(0))), after: fc.oneof(key, fc.constant(Buffer.alloc(0))), limit: fc.nat(6) },
  { requiredKeys: [] },
)

export const putStep = fc.record({ type: fc.constant('put' as const), key, value })
const deleteStep = fc.record({ type: fc.constant('delete' as const), key })
const step: fc.Arbitrary<Step> = fc.oneof(
  putStep,
  deleteStep,
  fc.record({ type: fc.constant('get' as const), key }),
  rangeRequest.map((request) => ({ type: 'range' as const, ...request })),
)
const compare: fc.Arbitrary<Compare> = fc.oneof(
  fc.record({ key, relation, value }),
  fc.record({ key, relation, createRevision: small }),
  fc.record({ key, relation, modRevision: small }),
  fc.record({ key, relation, version: small }),
)

const transaction: fc.Arbitrary<Command> = fc.record({
  type: fc.constant('transaction' as const),
  compare: fc.array(compare, { maxLength: 2 }),
  success: fc.array(step, { maxLength: 5 }),
  failure: fc.array(step, { maxLength: 5 }),
})

export const command: fc.Arbitrary<Command> = fc.oneof(
  putStep,
  deleteStep,
  fc.record({ type: fc.constant('compareAndSet' as const), key, prevRevision: small, value }),
  transaction,
)
