import assert from 'node:assert/strict'
import { type HardState, StorageError } from '@raft/core'
import { turns } from '../waiting.js'
import type { LogStorageSuite } from './suite.js'
import { entriesOf, numbered } from './writes.js'

const BASES = [2 ** 31, 2 ** 32, 2 ** 52].map((power) => ({ index: power - 3, term: power - 2 }))

export function declareDurability(suite: LogStorageSuite): void {
  const hardStates: HardState[] = [
    { currentTerm: 1, votedFor: 'n1' },
    { currentTerm: 2, votedFor: null },
    { currentTerm: 2 ** 32 + 1, votedFor: 'é'.repeat(127) },
    { currentTerm: Number.MAX_SAFE_INTEGER - 1, votedFor: 'n2' },
  ]

  suite.testOf(
    'reopen',
    'hard state alone is kept, and replaces the one before',
    suite.on(async (session) => {
      await session.open()
      for (const hardState of hardStates) {
        await session.write({ hardState, entries: [] })
        await session.reopen()
      }
    }),
  )

  suite.testOf(
    'reopen',
    'hard state is kept when a write brings none',
    suite.on(async (session) => {
      await session.open()
      await session.write({ hardState: { currentTerm: 4, votedFor: 'n3' }, entries: [numbered(1, 4, 3, 'a')] })
      await session.write(entriesOf(numbered(4, 4, 3, 'b')))
      await session.reopen()
      await session.write(entriesOf(numbered(3, 5, 1, 'c')))
      await session.reopen()
    }),
  )

  suite.testOf(
    'reopen',
    'entries and the runs of their terms are there when opened again',
    suite.on(async (session) => {
      await session.open()
      await session.write(entriesOf(numbered(1, 1, 3, 'a'), numbered(4, 1, 3, 'b'), numbered(7, 3, 3, 'c')))
      await session.reopen()
      await session.write(entriesOf(numbered(10, 3, 2, 'd')))
      await session.write(entriesOf(numbered(5, 4, 2, 'e')))
      await session.reopen()
      await session.write(entriesOf(numbered(1, 9, 1, 'f')))
      await session.reopen()
    }),
  )

  suite.testOf(
    'crash',
    'what done has confirmed is there after a crash in that very moment',
    suite.on(async (session) => {
      await session.open()
      for (let term = 1; term < 8; term++) {
        const write = {
          hardState: { currentTerm: term, votedFor: `n${term}` },
          entries: [numbered(term, term, 3, 'a'), numbered(term + 3, term, 2, 'b')],
        }
        await session.startWrite(write)
        session.model = session.model.after(write)
        await session.crash()
        await session.open()
      }
    }),
  )

  suite.testOf(
    'crash',
    'a write in flight at a crash is there as a whole, or not at all',
    suite.on(async (session) => {
      await session.open()
      for (let round = 1; round < 12; round++) {
        const first = Math.max(1, session.model.lastIndex - 2)
        const entries = [numbered(first, round, 4, 'a'), numbered(first + 4, round, 4, 'b')]
        const write = { hardState: { currentTerm: round, votedFor: `n${round}` }, entries }
        session.startWrite(write).catch(() => {})
        await turns(round % 4)
        await session.crash()
        const after = session.model.after(write)
        const stored = await session.openUnchecked()
        if (after.matches(stored)) session.model = after
        session.model.check(stored)
        await session.checkEntries()
        // What open returned is durable: another crash changes nothing.
        await session.crash()
        await session.open()
      }
    }),
  )

  suite.testOf(
    'exclusion',
    'a second opener is refused while the first is open, and not afterwards',
    suite.on(async (session) => {
      await session.open()
      const second = await session.place.storage()
      await assert.rejects(second.open(), StorageError)
      // Where both are one object, closing the second would close the first.
      if (second !== session.storage) {
        await second.close()
        const third = await session.place.storage()
        await assert.rejects(third.open(), StorageError, 'a third opener, once the refused second has closed')
        await third.close()
      }
      await session.write(entriesOf(numbered(1, 1, 3, 'a')))
      await session.checkEntries()
      if (suite.supports('reopen')) await session.reopen()
    }),
  )

  for (const base of BASES)
    suite.testOf(
      'base',
      `a log that begins behind index ${base.index} goes on across the next power of two`,
      suite.on(async (session) => {
        await session.open()
        await session.write(entriesOf(numbered(base.index + 1, base.term, 2, 'a'), numbered(base.index + 3, base.term + 1, 5, 'b')))
        await session.read(base.index + 2, base.index + 6)
        if (suite.supports('reopen')) await session.reopen()
        await session.write(entriesOf(numbered(base.index + 1, base.term + 7, 4, 'c')))
        await session.checkEntries()
        if (suite.supports('reopen')) await session.reopen()
      }, base),
    )
}
