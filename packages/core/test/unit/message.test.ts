import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeMessage,
  EntryBatch,
  EntryKind,
  encodedMessageLength,
  encodeMessage,
  FormatError,
  isBulk,
  type Message,
  Reader,
  Writer,
} from '../../src/index.js'

const u64 = fc.maxSafeNat()
const u32 = fc.nat({ max: 0xffff_ffff })

/** Batches whose entries begin at `firstIndex`. */
const batchAt = (firstIndex: number) =>
  fc
    .array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.constantFrom(...Object.values(EntryKind)), fc.uint8Array({ maxLength: 40 })), {
      maxLength: 12,
    })
    .map((entries) => {
      const sorted = entries.toSorted((a, b) => a[0] - b[0])
      if (sorted.length === 0) return EntryBatch.empty(firstIndex)
      return EntryBatch.concat(sorted.map(([term, kind, payload], i) => EntryBatch.of(firstIndex + i, term, kind, [payload])))
    })
const batch = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.constantFrom(2 ** 31 - 3, 2 ** 32 - 3, 2 ** 52)).chain(batchAt)

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ type: fc.constantFrom('preVote', 'requestVote'), group: u32, term: u64, lastLogIndex: u64, lastLogTerm: u64 }),
  fc.record({ type: fc.constantFrom('preVoteReply', 'requestVoteReply'), group: u32, term: u64, voteGranted: fc.boolean() }),
  fc.record({
    type: fc.constant('appendEntriesReply'),
    group: u32,
    term: u64,
    success: fc.boolean(),
    prevLogIndex: u64,
    matchIndex: u64,
    matchTerm: u64,
  }),
  fc.record({ type: fc.constant('heartbeat'), group: u32, term: u64, leaderCommit: u64, round: u64 }),
  fc.record({ type: fc.constant('heartbeatReply'), group: u32, term: u64, round: u64 }),
  fc.tuple(batch, u32, u64).map(([entries, group, leaderCommit]) => {
    const prevLogTerm = entries.firstIndex === 1 ? 0 : 1
    return { type: 'appendEntries', group, term: 60, prevLogIndex: entries.firstIndex - 1, prevLogTerm, leaderCommit, entries } as const
  }),
) as fc.Arbitrary<Message>

/** What of a message can be compared, entry by entry. */
function plain(one: Message): unknown {
  if (one.type !== 'appendEntries') return one
  const { entries, ...rest } = one
  const list = Array.from({ length: entries.count }, (_, i) => {
    const index = entries.firstIndex + i
    return [entries.term(index), entries.kind(index), [...entries.payload(index)]]
  })
  return { ...rest, firstIndex: entries.firstIndex, list }
}

/** Every byte sequence is a message that says the same again, or a FormatError. */
function decodeSafely(bytes: Uint8Array): boolean {
  try {
    expect(encodeMessage(decodeMessage(bytes))).toEqual(bytes)
    return true
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return false
  }
}

describe('message codec', () => {
  it('reads what it has written, in as many bytes as it said', () => {
    fc.assert(
      fc.property(message, (one) => {
        const bytes = encodeMessage(one)
        expect(bytes.length).toBe(encodedMessageLength(one))
        expect(plain(decodeMessage(bytes))).toEqual(plain(one))
      }),
      { numRuns: 2000 },
    )
  })

  it('reads a slice of a batch as the entries it holds', () => {
    fc.assert(
      fc.property(batch, fc.nat(), fc.nat(), (whole, a, b) => {
        if (whole.count === 0) return
        const from = whole.firstIndex + (a % whole.count)
        const part = whole.slice(from, from + (b % (whole.lastIndex - from + 1)))
        const writer = new Writer(new Uint8Array(part.encodedLength))
        part.encode(writer)
        expect(writer.position).toBe(part.encodedLength)
        const read = EntryBatch.decode(new Reader(writer.bytes))
        expect(read.runs).toEqual(part.runs)
        for (let i = part.firstIndex; i <= part.lastIndex; i++) {
          expect([read.term(i), read.kind(i), read.payload(i)]).toEqual([whole.term(i), whole.kind(i), new Uint8Array(whole.payload(i))])
        }
      }),
    )
  })

  it('answers 200,000 mutated and random messages with a FormatError, or with what they say', () => {
    const samples = fc.sample(message, { numRuns: 200, seed: 1 }).map(encodeMessage)
    let seed = 1
    const random = (below: number) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) | 0
      return ((seed >>> 8) * below) >>> 24
    }
    let read = 0
    const seen = (bytes: Uint8Array) => {
      try {
        const one = decodeMessage(bytes)
        read += 1
        if (one.type === 'appendEntries' && one.entries.count * 4 > bytes.length) throw new Error('more entries than bytes')
      } catch (error) {
        if (!(error instanceof FormatError)) throw error
      }
    }
    for (let i = 0; i < 100_000; i++) {
      const bytes = (samples[i % samples.length] as Uint8Array).slice()
      for (let flips = 0; flips <= random(3); flips++) bytes[random(bytes.length)] = random(256)
      seen(random(4) === 0 ? bytes.subarray(0, random(bytes.length + 1)) : bytes)
    }
    for (let i = 0; i < 100_000; i++) {
      const bytes = Uint8Array.from({ length: random(60) }, () => random(256))
      if (bytes.length > 2 && random(2) === 0) bytes.set([1, random(8)])
      seen(bytes)
    }
    expect(read).toBeGreaterThan(1000)
  })

  it('writes again, bit for bit, whatever mutated message it reads', () => {
    fc.assert(
      fc.property(message, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 }), (one, changes) => {
        const bytes = encodeMessage(one)
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        decodeSafely(bytes)
      }),
      { numRuns: 3000 },
    )
  })

  it('refuses bytes too many, and every cut', () => {
    for (const bytes of fc.sample(message, { numRuns: 50, seed: 2 }).map(encodeMessage)) {
      expect(() => decodeMessage(Uint8Array.of(...bytes, 0))).toThrow(FormatError)
      for (let length = 0; length < bytes.length; length++) expect(() => decodeMessage(bytes.subarray(0, length))).toThrow(FormatError)
    }
  })

  it('refuses a version that it does not know, by name', () => {
    const bytes = encodeMessage({ type: 'heartbeatReply', group: 0, term: 1, round: 1 })
    bytes[0] = 9
    expect(() => decodeMessage(bytes)).toThrow(/version 9; this member reads version 1/)
  })

  it('allocates nothing for a batch that promises more than there is', () => {
    const bytes = encodeMessage({
      type: 'appendEntries',
      group: 0,
      term: 1,
      prevLogIndex: 0,
      prevLogTerm: 0,
      leaderCommit: 0,
      entries: EntryBatch.empty(1),
    })
    new DataView(bytes.buffer).setUint32(14 + 24 + 8, 0xffff_ffff, true)
    expect(() => decodeMessage(bytes)).toThrow(/a batch of \d+ bytes/)
  })

  it.each([
    ['do not begin behind prevLogIndex', { prevLogIndex: 4 }],
    ['are older than the entry before them', { prevLogTerm: 6 }],
    ['are newer than the message', { term: 6 }],
  ])('refuses entries that %s', (_, change) => {
    const entries = EntryBatch.concat([EntryBatch.of(6, 5, 0, [new Uint8Array(1)]), EntryBatch.of(7, 7, 0, [new Uint8Array(1)])])
    const good: Message = { type: 'appendEntries', group: 0, term: 7, prevLogIndex: 5, prevLogTerm: 5, leaderCommit: 0, entries }
    expect(plain(decodeMessage(encodeMessage(good)))).toEqual(plain(good))
    expect(() => decodeMessage(encodeMessage({ ...good, ...change }))).toThrow(FormatError)
  })

  it('refuses entries of one term that is newer than the message', () => {
    const entries = EntryBatch.of(1, 7, 0, [new Uint8Array(1)])
    const good: Message = { type: 'appendEntries', group: 0, term: 7, prevLogIndex: 0, prevLogTerm: 0, leaderCommit: 0, entries }
    expect(plain(decodeMessage(encodeMessage(good)))).toEqual(plain(good))
    expect(() => decodeMessage(encodeMessage({ ...good, term: 6 }))).toThrow(
      'entries of terms 7 to 7 behind term 0, in a message of term 6',
    )
  })

  it('refuses a boolean that is neither 0 nor 1, and an unknown type', () => {
    const bytes = encodeMessage({ type: 'preVoteReply', group: 0, term: 1, voteGranted: true })
    bytes[14] = 2
    expect(() => decodeMessage(bytes)).toThrow(/2 where 0 or 1 was due/)
    bytes[1] = 8
    expect(() => decodeMessage(bytes)).toThrow(/unknown type 8/)
  })

  it('refuses a number over 2^53', () => {
    const bytes = encodeMessage({ type: 'heartbeatReply', group: 0, term: 1, round: Number.MAX_SAFE_INTEGER })
    expect(decodeMessage(bytes)).toMatchObject({ round: Number.MAX_SAFE_INTEGER })
    bytes[bytes.length - 2] = 0x20
    expect(() => decodeMessage(bytes)).toThrow(FormatError)
  })

  it('writes version 1 as it always has', () => {
    const entries = EntryBatch.concat([
      EntryBatch.of(2 ** 32, 7, 0, [Uint8Array.of(1, 2, 3), new Uint8Array(0)]),
      EntryBatch.of(2 ** 32 + 2, 9, 1, [new Uint8Array(0)]),
    ])
    const common = { group: 3, term: 2 ** 33 + 5 }
    const messages: Message[] = [
      { type: 'preVote', ...common, lastLogIndex: 11, lastLogTerm: 7 },
      { type: 'preVoteReply', ...common, voteGranted: true },
      { type: 'requestVote', ...common, lastLogIndex: 11, lastLogTerm: 7 },
      { type: 'requestVoteReply', ...common, voteGranted: false },
      { type: 'appendEntries', ...common, prevLogIndex: 2 ** 32 - 1, prevLogTerm: 7, leaderCommit: 12, entries },
      { type: 'appendEntriesReply', ...common, success: false, prevLogIndex: 20, matchIndex: 12, matchTerm: 6 },
      { type: 'heartbeat', ...common, leaderCommit: 12, round: 99 },
      { type: 'heartbeatReply', ...common, round: 99 },
    ]
    const golden = JSON.parse(readFileSync(new URL('../fixtures/messages-v1.json', import.meta.url), 'utf8')) as Record<string, string>
    expect(Object.fromEntries(messages.map((one) => [one.type, Buffer.from(encodeMessage(one)).toString('hex')]))).toEqual(golden)
    for (const one of messages) expect(plain(decodeMessage(Buffer.from(golden[one.type] ?? '', 'hex')))).toEqual(plain(one))
  })
})

describe('what may be large', () => {
  it('is a message with entries, and nothing else', () => {
    const common = { group: 0, term: 7 }
    const append = (entries: EntryBatch): Message => ({
      ...common,
      type: 'appendEntries',
      prevLogIndex: 4,
      prevLogTerm: 7,
      leaderCommit: 4,
      entries,
    })
    expect(isBulk(append(EntryBatch.of(5, 7, EntryKind.NoOp, [new Uint8Array(0)])))).toBe(true)
    expect(isBulk(append(EntryBatch.empty(5)))).toBe(false)
    expect(isBulk({ ...common, type: 'heartbeat', leaderCommit: 4, round: 1 })).toBe(false)
    expect(isBulk({ ...common, type: 'requestVote', lastLogIndex: 4, lastLogTerm: 7 })).toBe(false)
  })
})
