import * as client from '@raft/client/protocol'
import * as store from '@raft/state-machine'
import fc from 'fast-check'
import { expect, test } from 'vitest'

/*
 * The client's bytes are the log's bytes (docs/decisions/002): @raft/client and @raft/state-machine encode commands apart from
 * one another, and must agree to the bit.
 */

const key = fc.uint8Array({ minLength: 1, maxLength: 40 })
const bytes = fc.uint8Array({ maxLength: 60 })
const revision = fc.oneof(fc.nat(), fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 52, Number.MAX_SAFE_INTEGER))
const relation = fc.constantFrom('equal', 'notEqual', 'less', 'greater')
const compare = fc.oneof(
  fc.record({ target: fc.constant('value' as const), relation, key, operand: bytes }),
  fc.record({
    target: fc.constantFrom('createRevision' as const, 'modRevision' as const, 'version' as const),
    relation,
    key,
    operand: revision,
  }),
)
const limit = fc.oneof(fc.nat(), fc.constant(0xffff_ffff))
const step = fc.oneof(
  fc.record({ type: fc.constant('put' as const), key, value: bytes }),
  fc.record({ type: fc.constantFrom('delete' as const, 'get' as const), key }),
  fc.record({ type: fc.constant('range' as const), prefix: bytes, limit }),
  fc.record({ type: fc.constant('range' as const), prefix: bytes, after: bytes, limit }),
)
const steps = fc.array(step, { maxLength: 5 })

type StoreStep = store.TransactionStep

function toClientStep(given: StoreStep): client.Step {
  const { StepKind } = client
  switch (given.type) {
    case 'put':
      return { kind: StepKind.Put, key: given.key, value: given.value }
    case 'delete':
      return { kind: StepKind.Delete, key: given.key }
    case 'get':
      return { kind: StepKind.Get, key: given.key }
    case 'range':
      return {
        kind: StepKind.Range,
        range: { prefix: given.prefix ?? new Uint8Array(0), after: given.after ?? null, limit: given.limit ?? 0 },
      }
  }
}

const same = (fromClient: Uint8Array, fromStore: Uint8Array) => expect(Buffer.from(fromClient)).toEqual(Buffer.from(fromStore))

test('put, delete and compareAndSet of the client are those of the store, and decode to what was meant', () => {
  fc.assert(
    fc.property(key, bytes, revision, (k, value, prevRevision) => {
      same(client.encodePut(k, value), store.encodePut(k, value))
      same(client.encodeDelete(k), store.encodeDelete(k))
      same(client.encodeCompareAndSet(k, prevRevision, value), store.encodeCompareAndSet(k, prevRevision, value))
      expect(plain(store.decodeCommand(client.encodeCompareAndSet(k, prevRevision, value)))).toEqual(
        plain({ type: 'compareAndSet', key: k, prevRevision, value }),
      )
    }),
    { numRuns: 1000 },
  )
})

test('transactions of the client are those of the store, and decode to what was meant', () => {
  fc.assert(
    fc.property(fc.array(compare, { maxLength: 5 }), steps, steps, (compares, thenSteps, elseSteps) => {
      const encoded = client.encodeTransaction({
        compare: compares,
        success: thenSteps.map(toClientStep),
        failure: elseSteps.map(toClientStep),
      })
      same(encoded, store.encodeTransaction({ compares, thenSteps, elseSteps }))
      expect(plain(store.decodeCommand(encoded))).toEqual(plain({ type: 'transaction', compares, thenSteps, elseSteps }))
    }),
    { numRuns: 1000 },
  )
})

/** Bytes of whichever class as hexadecimal, so that they compare by content. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_name, inner: unknown) =>
      ArrayBuffer.isView(inner) ? Buffer.from(inner.buffer, inner.byteOffset, inner.byteLength).toString('hex') : inner,
    ).replaceAll(
      // Buffer has a toJSON that comes before the replacer.
      /\{"type":"Buffer","data":\[([\d,]*)\]\}/g,
      (_all, numbers: string) => JSON.stringify(Buffer.from(numbers === '' ? [] : numbers.split(',').map(Number)).toString('hex')),
    ),
  )
}
