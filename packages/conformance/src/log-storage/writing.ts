import assert from 'node:assert/strict'
import { EntryBatch, EntryKind } from '@raft/core'
import { patternBytes } from '../random.js'
import { turns } from '../waiting.js'
import type { LogStorageSuite } from './suite.js'
import { commands, entriesOf, numbered } from './writes.js'

export function declareWriting(suite: LogStorageSuite): void {
  suite.test(
    'a new storage holds term 0, no vote and no entries',
    suite.on((session) => session.open()),
  )

  suite.test(
    'write and read call done once, and never before they return',
    suite.on(async (session) => {
      await session.open()
      await session.write(entriesOf(commands(1, 1, 'a')))
      await session.read(1, 1)
      await turns(20)
    }),
  )

  suite.test(
    'entries of every kind, and empty ones, are kept byte for byte',
    suite.on(async (session) => {
      await session.open()
      const every = Uint8Array.from({ length: 256 }, (_, i) => i)
      let next = 1
      for (const kind of Object.values(EntryKind))
        for (const payloads of [[every], [new Uint8Array(0)], [every, new Uint8Array(0), every]]) {
          await session.write(entriesOf(EntryBatch.of(next, 3, kind, payloads)))
          next += payloads.length
        }
      await session.checkStored(suite.supports('reopen'))
    }),
  )

  suite.test(
    'all batches of a write are stored, with empty ones among them',
    suite.on(async (session) => {
      await session.open()
      await session.write(entriesOf(numbered(1, 1, 3, 'a'), EntryBatch.empty(4), numbered(4, 1, 2, 'b'), numbered(6, 2, 3, 'c')))
      await session.write(entriesOf())
      await session.write(entriesOf(EntryBatch.empty(9)))
      assert.equal(session.model.lastIndex, 8)
      await session.checkStored(suite.supports('reopen'))
    }),
  )

  suite.test(
    'a slice of a larger batch is stored alone',
    suite.on(async (session) => {
      await session.open()
      const whole = EntryBatch.concat([numbered(1, 1, 5, 'a'), numbered(6, 2, 5, 'b')])
      await session.write(entriesOf(whole.slice(1, 3)))
      await session.write(entriesOf(whole.slice(4, 8)))
      await session.checkStored(suite.supports('reopen'))
    }),
  )

  suite.test(
    'the bytes of a write are left as they are',
    suite.on(async (session) => {
      await session.open()
      const batch = numbered(1, 1, 10, 'a')
      const before = Uint8Array.from(batch.bytes)
      const write = entriesOf(batch)
      await session.write(write)
      assert(write.entries.length === 1 && write.entries[0] === batch, 'the list of batches of a write was changed')
      await session.write(entriesOf(numbered(5, 2, 10, 'b')))
      await session.checkEntries()
      assert(Buffer.compare(batch.bytes, before) === 0, 'the bytes of a write were changed')
    }),
  )

  suite.test(
    'entries that are stored again replace those from there on',
    suite.on(async (session) => {
      await session.open()
      await session.write(entriesOf(numbered(1, 1, 6, 'a'), numbered(7, 2, 4, 'a')))
      for (const [term, [first, count]] of [
        [9, 1],
        [5, 2],
        [6, 9],
        [1, 3],
        [4, 1],
      ].entries()) {
        await session.write(entriesOf(numbered(first as number, term + 3, count as number, `term ${term + 3}`)))
        await session.checkEntries()
      }
    }),
  )

  suite.test(
    'one write replaces a suffix, appends behind it and stores the hard state',
    suite.on(async (session) => {
      await session.open()
      await session.write(entriesOf(numbered(1, 1, 6, 'a')))
      await session.write({ hardState: { currentTerm: 3, votedFor: null }, entries: [numbered(3, 2, 4, 'b'), numbered(7, 3, 2, 'c')] })
      await session.checkStored(suite.supports('reopen'))
    }),
  )

  suite.test(
    'an entry of 10 MB is kept byte for byte, among small ones',
    suite.on(async (session) => {
      await session.open()
      const large = EntryBatch.of(2, 1, EntryKind.Command, [patternBytes(7, 10_000_000)])
      await session.write(entriesOf(commands(1, 1, 'before'), large, commands(3, 1, 'behind')))
      assert.equal((await session.read(2, 3, 1)).count, 1)
      await session.checkStored(suite.supports('reopen'))
    }),
  )

  suite.test(
    'ten thousand small entries are stored in one write',
    suite.on(async (session) => {
      await session.open()
      await session.write(entriesOf(numbered(1, 1, 10_000, 'a')))
      await session.checkStored(suite.supports('reopen'))
    }),
  )

  suite.test(
    'two hundred writes of one entry each are stored, with terms and hard states among them',
    suite.on(async (session) => {
      await session.open()
      for (let index = 1; index <= 200; index++) {
        const term = Math.ceil(index / 3)
        const hardState = index % 3 === 1 ? { currentTerm: term, votedFor: `n${index}` } : null
        await session.write({ hardState, entries: [numbered(index, term, 1, 'a')] })
      }
      await session.checkStored(suite.supports('reopen'))
    }),
  )

  suite.test(
    'terms of entries are whole numbers beyond 32 bits',
    suite.on(async (session) => {
      await session.open()
      for (const [i, term] of [1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 2, Number.MAX_SAFE_INTEGER - 1].entries())
        await session.write(entriesOf(numbered(1 + 2 * i, term, 2, 'a')))
      await session.checkStored(suite.supports('reopen'))
    }),
  )

  suite.test(
    'the next write and a read of what is now durable may start from inside done',
    suite.on(async (session) => {
      await session.open()
      const started: Promise<unknown>[] = []
      const start = (promise: Promise<unknown>) => {
        // Looked at below, together with the others.
        promise.catch(() => {})
        started.push(promise)
      }
      const [first, second] = [entriesOf(numbered(1, 1, 3, 'a')), entriesOf(numbered(4, 1, 3, 'b'))]
      await session.startWrite(first, () => {
        session.model = session.model.after(first)
        start(session.startWrite(second))
        start(session.read(1, 3))
      })
      await Promise.all(started)
      session.model = session.model.after(second)
      await session.checkStored(suite.supports('reopen'))
    }),
  )
}
