import { describe, expect, test } from 'vitest'
import { CommandError, decodeCommandResult, decodeResult, encodeResult, encodeTransaction, Operation, ProtocolError } from '../src/index.js'

const PUT = { type: 'put', revision: 7, createRevision: 3, modRevision: 7, version: 2 } as const

describe('a result that comes from a connection', () => {
  test('is that of a command of its kind', () => {
    expect(decodeCommandResult(Operation.put, encodeResult(PUT))).toEqual(PUT)
  })

  test.each([0, Operation.get, Operation.range, 7, 127, 255])('of kind %i is that of no command', (kind) => {
    expect(() => decodeCommandResult(kind, encodeResult(PUT))).toThrow(ProtocolError)
  })

  test.each([
    ['cut short', (body: Uint8Array) => body.subarray(0, -1)],
    ['with a byte too many', (body: Uint8Array) => Buffer.concat([body, Uint8Array.of(0)])],
    ['with a number over 2^53', (body: Uint8Array) => body.fill(0xff, 0, 8)],
  ])('%s is refused', (_, spoil) => {
    expect(() => decodeResult(Operation.put, spoil(Buffer.from(encodeResult(PUT))))).toThrow(ProtocolError)
  })

  test('of a delete takes 0 and 1 for whether the key existed', () => {
    const body = Buffer.from(encodeResult({ type: 'delete', revision: 1, deleted: true }))
    body[8] = 2
    expect(() => decodeResult(Operation.delete, body)).toThrow(ProtocolError)
  })
})

describe('a comparison', () => {
  const key = Buffer.from('k')
  const refused = expect.objectContaining({ code: 'RAFT_COMMAND_MALFORMED', outcomeUnknown: false })

  test.each([
    ['of nothing', { key }],
    ['by a relation that there is not', { key, version: 1, relation: 'like' }],
    ['by a name that every object has', { key, version: 1, relation: 'toString' }],
  ])('%s cannot be encoded', (_, compare) => {
    expect(() => encodeTransaction({ compare: [compare as never] })).toThrow(refused)
    expect(() => encodeTransaction({ compare: [compare as never] })).toThrow(CommandError)
  })

  test('is one of equality unless it says otherwise', () => {
    expect(encodeTransaction({ compare: [{ key, version: 1 }] })).toEqual(
      encodeTransaction({ compare: [{ key, version: 1, relation: 'equal' }], success: [], failure: [] }),
    )
  })
})
