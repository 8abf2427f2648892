import { isDeepStrictEqual } from 'node:util'
import { type Command, encodeCommand, type StoreResult } from '@raft/commands'
import { KeyValueStore } from '@raft/state-machine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { command } from './arbitraries.js'
import { apply, applyPayloads, bytes, keysOf, put, text } from './help.js'

const failure = (code: string) => expect.objectContaining({ type: 'error', code })

describe('a command that makes no sense is answered with its error', () => {
  test.each([
    ['no bytes at all', [], 'RAFT_COMMAND_MALFORMED'],
    ['a version and nothing else', [1], 'RAFT_COMMAND_MALFORMED'],
    ['a version of the future', [2, 1, 1, 0, 0, 0, 97, 0, 0, 0, 0], 'RAFT_COMMAND_VERSION'],
    ['an unknown operation', [1, 9], 'RAFT_COMMAND_MALFORMED'],
    ['an empty key', [1, 2, 0, 0, 0, 0], 'RAFT_KEY_LENGTH'],
    ['a key over the limit', [1, 2, 0, 0, 1, 0], 'RAFT_KEY_LENGTH'],
    ['a key that is cut short', [1, 2, 5, 0, 0, 0, 97], 'RAFT_COMMAND_MALFORMED'],
    ['a put with an empty key', [1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 97], 'RAFT_KEY_LENGTH'],
    ['a put whose key is over the limit', [1, 1, 1, 0, 1, 0, ...Buffer.alloc(65_537, 97), 0, 0, 0, 0], 'RAFT_KEY_LENGTH'],
    ['a put with bytes behind its value', [1, 1, 1, 0, 0, 0, 97, 0, 0, 0, 0, 0], 'RAFT_COMMAND_MALFORMED'],
    ['a value of four gigabytes that is not there', [1, 1, 1, 0, 0, 0, 97, 255, 255, 255, 255], 'RAFT_COMMAND_MALFORMED'],
    ['bytes behind the command', [1, 2, 1, 0, 0, 0, 97, 0], 'RAFT_COMMAND_MALFORMED'],
    ['a revision over 2^53', [1, 3, 1, 0, 0, 0, 97, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 0, 0], 'RAFT_COMMAND_MALFORMED'],
    ['four billion compare', [1, 4, 255, 255, 255, 255], 'RAFT_TRANSACTION_TOO_LARGE'],
    ['a compare of an unknown target', [1, 4, 1, 0, 0, 0, 5, 1, 1, 0, 0, 0, 97], 'RAFT_COMMAND_MALFORMED'],
    ['a compare of an unknown relation', [1, 4, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 97], 'RAFT_COMMAND_MALFORMED'],
    ['an unknown step', [1, 4, 0, 0, 0, 0, 1, 0, 0, 0, 3], 'RAFT_COMMAND_MALFORMED'],
    ['unknown flags of a range', [1, 4, 0, 0, 0, 0, 1, 0, 0, 0, 6, 2], 'RAFT_COMMAND_MALFORMED'],
    [
      'an `after` that does not count',
      [1, 4, 0, 0, 0, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 1, 0, 0, 0, 97, 0, 0, 0, 0, 0, 0, 0, 0],
      'RAFT_COMMAND_MALFORMED',
    ],
  ])('%s', (_, payload, code) => {
    const store = new KeyValueStore()
    put(store, 'here', 'before')
    const digest = store.digest()
    expect(applyPayloads(store, [Buffer.from(payload)])).toEqual([failure(code)])
    expect([store.digest(), store.revision, store.lastApplied]).toEqual([digest, 1, 2])
  })
})

test('the message of an error does not depend on where in a batch the command lies', () => {
  const broken = Buffer.from([1, 1, 9, 0, 0, 0])
  const alone = applyPayloads(new KeyValueStore(), [broken])[0]
  const whole = encodeCommand({ type: 'delete', key: bytes('x') })
  const between = applyPayloads(new KeyValueStore(), [whole, broken, whole])[1]
  expect(between).toEqual(alone)
})

test('a transaction whose last step is damaged leaves nothing of its first', () => {
  const store = new KeyValueStore()
  const whole = encodeCommand({
    type: 'transaction',
    compare: [],
    success: [
      { type: 'put', key: bytes('first'), value: bytes('1') },
      { type: 'delete', key: bytes('last') },
    ],
    failure: [],
  })
  for (let length = 0; length < whole.length; length++)
    expect(applyPayloads(store, [whole.subarray(0, length)])).toEqual([expect.objectContaining({ type: 'error' })])
  expect([store.size, store.revision]).toEqual([0, 0])
})

test('a transaction that reads too much leaves nothing of what it put', () => {
  const store = new KeyValueStore()
  apply(store, { type: 'put', key: bytes('large'), value: Buffer.alloc(3 * 1024 * 1024) })
  put(store, 'there', 'before')
  const digest = store.digest()
  const result = apply(store, {
    type: 'transaction',
    compare: [],
    success: [
      { type: 'put', key: bytes('small'), value: bytes('1') },
      { type: 'put', key: bytes('there'), value: bytes('after') },
      { type: 'delete', key: bytes('large') },
      { type: 'put', key: bytes('large'), value: Buffer.alloc(3 * 1024 * 1024, 1) },
      ...Array.from({ length: 6 }, () => ({ type: 'get' as const, key: bytes('large') })),
    ],
    failure: [],
  })
  expect(result).toEqual(failure('RAFT_TRANSACTION_TOO_LARGE'))
  expect([store.digest(), store.revision, keysOf(store)]).toEqual([digest, 2, ['large', 'there']])
  put(store, 'after', 'goes on')
  expect([store.revision, keysOf(store)]).toEqual([3, ['after', 'large', 'there']])
  // By its name too, where it was found before.
  expect(text(store.get(bytes('there'))?.value ?? bytes(''))).toBe('before')
  expect(store.get(bytes('small'))).toBeNull()
  put(store, 'there', 'later')
  expect(store.range({ prefix: bytes('there') }).entries.map(({ value }) => text(value))).toEqual(['later'])
})

test('what was read stays as it was read, whatever is put afterwards', () => {
  const store = new KeyValueStore()
  put(store, 'key', 'first')
  const read = store.get(bytes('key'))
  const page = store.range({}).entries
  put(store, 'key', 'other')
  expect([read, page[0]].map((entry) => [text(entry?.value ?? bytes('')), entry?.modRevision, entry?.version])).toEqual([
    ['first', 1, 1],
    ['first', 1, 1],
  ])
})

test('300,000 mutated and random commands are applied or answered with an error, the same by two stores', () => {
  const seeds = fc.sample(command, { numRuns: 500, seed: 7 }).map((each: Command) => encodeCommand(each))
  const random = generator(42)
  const one = new KeyValueStore()
  const other = new KeyValueStore()
  const seen = { applied: 0, error: 0 }
  for (let round = 0; round < 300; round++) {
    const payloads = Array.from({ length: 1000 }, () => mutate(seeds[random() % seeds.length] as Uint8Array, random))
    const results = applyPayloads(one, payloads)
    expect(isDeepStrictEqual(applyPayloads(other, payloads), results)).toBe(true)
    for (const result of results as StoreResult[]) seen[result.type === 'error' ? 'error' : 'applied'] += 1
  }
  expect(one.digest()).toBe(other.digest())
  expect(seen.applied).toBeGreaterThan(50_000)
  expect(seen.error).toBeGreaterThan(50_000)
}, 120_000)

/** xorshift32 */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

function mutate(seed: Uint8Array, random: () => number): Uint8Array {
  if (random() % 20 === 0) return Uint8Array.from({ length: random() % 64 }, () => random())
  const payload = Uint8Array.from(seed)
  for (let changes = random() % 3; changes > 0; changes--) payload[random() % payload.length] = random() % 2 === 0 ? random() % 8 : random()
  return random() % 8 === 0 ? payload.subarray(0, random() % (payload.length + 1)) : payload
}
