import assert from 'node:assert/strict'
import { turns } from '../waiting.js'
import type { Session } from './session.js'
import type { LogStorageSuite } from './suite.js'
import { entriesOf, numbered } from './writes.js'

export function declareReading(suite: LogStorageSuite): void {
  suite.test(
    'every range is read from its first entry on, and not beyond its last',
    suite.on(async (session) => {
      await session.open()
      for (const [i, count] of [3, 1, 4].entries()) await session.write(entriesOf(numbered(session.model.lastIndex + 1, i + 1, count, 'a')))
      for (let from = 1; from <= 8; from++) for (let to = from; to <= 8; to++) await session.read(from, to)
    }),
  )

  suite.test(
    'a read gives at least one entry, and no more than maxBytes beyond that',
    suite.on(async (session) => {
      await session.open()
      await session.write(entriesOf(numbered(1, 1, 20, 'some bytes')))
      for (const maxBytes of [0, 1, 13, 14, 26, 40, 100, 1000]) for (const from of [1, 7, 20]) await session.read(from, 20, maxBytes)
      assert.equal((await session.read(3, 20, 0)).count, 1)
    }),
  )

  suite.test(
    'what a read gave does not change, whatever is read and written later',
    suite.on(async (session) => {
      await session.open()
      await session.write(entriesOf(numbered(1, 1, 8, 'a')))
      const before = session.model
      const first = await session.read(1, 4)
      for (let term = 2; term < 6; term++) {
        await session.read(5, session.model.lastIndex)
        await session.write(entriesOf(numbered(2, term, 8, `replaced in ${term}`)))
      }
      if (suite.supports('reopen')) await session.reopen()
      const fault = before.faultIn(first, 1, 4, Number.MAX_SAFE_INTEGER)
      assert(fault === null, `what was read before has changed since: ${fault}`)
    }),
  )

  suite.test(
    'reads at the same time are each answered with their own range',
    suite.on(async (session) => {
      await session.open()
      await session.write(entriesOf(numbered(1, 1, 30, 'a')))
      await Promise.all(Array.from({ length: 30 }, (_, i) => session.read(i + 1, 30, i * 10)))
    }),
  )

  for (const order of ['read first', 'write first'] as const)
    for (const length of [1, 12])
      suite.test(
        `a read beside a write that replaces (${order}, ${length} entries) gives the old entries or the new, never both`,
        suite.on((session) => race(session, order, length)),
      )

  suite.test(
    'close waits for the reads and the write in flight',
    suite.on(async (session) => {
      await session.open()
      await session.write(entriesOf(numbered(1, 1, 3, 'a')))
      let answered = 0
      const count = () => {
        answered += 1
      }
      const write = entriesOf(numbered(4, 1, 3, 'b'))
      const inFlight = [session.startRead(1, 3), session.startWrite(write)]
      for (const each of inFlight) each.then(count, count)
      await session.close()
      assert.equal(answered, 2, 'of a read and a write, so many were answered when close had finished')
      await Promise.all(inFlight)
      session.model = session.model.after(write)
      if (suite.supports('reopen')) await session.open()
    }),
  )

  suite.test(
    'close can be called twice, also at once',
    suite.on(async (session) => {
      await session.open()
      const { storage } = session
      await Promise.all([storage.close(), storage.close()])
      await storage.close()
      await turns()
    }),
  )
}

async function race(session: Session, order: 'read first' | 'write first', length: number): Promise<void> {
  await session.open()
  await session.write(entriesOf(numbered(1, 1, 10, 'term 1')))
  for (let term = 2; term < 12; term++) {
    const from = 1 + (term % 6)
    const to = session.model.lastIndex
    if (from > to) {
      await session.write(entriesOf(numbered(to + 1, term, 10, `term ${term}`)))
      continue
    }
    const write = entriesOf(numbered(Math.min(3, to + 1), term, length, `term ${term}`))
    const old = session.model
    const replaced = old.after(write)
    const writing = order === 'write first' ? session.startWrite(write) : null
    const reading = session.startRead(from, to)
    const [entries] = await Promise.all([reading, writing ?? session.startWrite(write)])
    session.model = replaced
    const faults = [old, replaced].map((model) => model.faultIn(entries, from, to, Number.MAX_SAFE_INTEGER))
    assert(faults.includes(null), `neither the old entries (${faults[0]}) nor the new (${faults[1]})`)
    await session.checkEntries()
    await session.write(entriesOf(numbered(session.model.lastIndex + 1, term, 10, `more of ${term}`)))
  }
}
