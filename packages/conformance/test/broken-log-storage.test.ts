import { EntryBatch, EntryKind, type LogWrite } from '@raft/core'
import { describe, expect, test } from 'vitest'
import { logStorageSuite } from '../src/index.js'
import { failures } from './support/collect.js'
import { type Breaking, memoryPlace } from './support/memory-place.js'

const suiteOf = (breaking?: Breaking, timeout = 1000) =>
  failures((declare) => logStorageSuite({ test: declare, make: () => memoryPlace(breaking), unsupported: ['base'], seeds: 2, timeout }))

test('a sound storage passes', async () => {
  expect(await suiteOf(undefined, 20_000)).toEqual([])
})

const mapped =
  (change: (write: LogWrite) => LogWrite): Breaking =>
  (sound) => ({ write: (write, done) => sound.write(change(write), done) })

const variants: Record<string, { caughtBy: string; breaking: Breaking }> = {
  'acknowledges before it is durable': {
    caughtBy: 'what done has confirmed is there after a crash',
    breaking: (sound) => ({
      write: (write, done) => {
        setImmediate(() => done(null))
        setTimeout(() => sound.write(write, () => {}), 20)
      },
    }),
  },
  'forgets the hard state': {
    caughtBy: 'hard state alone is kept',
    breaking: (sound) => ({ open: async () => ({ ...(await sound.open()), hardState: { currentTerm: 0, votedFor: null } }) }),
  },
  'forgets the vote': {
    caughtBy: 'hard state alone is kept',
    breaking: mapped((write) => ({ ...write, hardState: write.hardState && { ...write.hardState, votedFor: null } })),
  },
  'clears the hard state when a write brings none': {
    caughtBy: 'hard state is kept when a write brings none',
    breaking: mapped((write) => ({ ...write, hardState: write.hardState ?? { currentTerm: 0, votedFor: null } })),
  },
  'stores a write piece by piece': {
    caughtBy: 'a write in flight at a crash',
    breaking: (sound) => ({
      write: ({ hardState, entries }, done) => {
        const pieces = [{ hardState, entries: [] }, ...entries.map((batch) => ({ hardState: null, entries: [batch] }))]
        const next = () => {
          const piece = pieces.shift()
          if (piece === undefined) done(null)
          else sound.write(piece, next)
        }
        next()
      },
    }),
  },
  'loses the second batch of a write': {
    caughtBy: 'all batches of a write are stored',
    breaking: mapped((write) => ({ ...write, entries: write.entries.slice(0, 1) })),
  },
  'loses the kinds': {
    caughtBy: 'entries of every kind',
    breaking: mapped(({ hardState, entries }) => ({ hardState, entries: entries.map(asCommands) })),
  },
  'keeps what should be replaced': {
    caughtBy: 'entries that are stored again replace',
    breaking: (sound) => {
      let last = 0
      return {
        write: ({ hardState, entries }, done) => {
          const news = entries.filter((batch) => batch.firstIndex > last)
          for (const batch of news) last = batch.lastIndex
          sound.write({ hardState, entries: news }, done)
        },
      }
    },
  },
  'mixes old and new entries in a read beside a write': {
    caughtBy: 'a read beside a write that replaces (read first, 12 entries)',
    breaking: (sound) => ({
      read: (from, to, maxBytes, done) =>
        sound.read(from, from, maxBytes, (error, first) => {
          if (error !== null || first === null || to === from) return done(error, first)
          setTimeout(
            () => sound.read(from + 1, to, maxBytes, (_, rest) => done(null, rest === null ? first : EntryBatch.concat([first, rest]))),
            5,
          )
        }),
    }),
  },
  'fails a read when a write has left a shorter log': {
    caughtBy: 'a read beside a write that replaces (write first, 1 entries)',
    breaking: (sound) => ({ read: (...read) => void setTimeout(() => sound.read(...read), 5) }),
  },
  'reads into one buffer': {
    caughtBy: 'what a read gave does not change',
    breaking: (sound) => {
      const buffer = new Uint8Array(1 << 24)
      return {
        read: (from, to, maxBytes, done) =>
          sound.read(from, to, maxBytes, (error, batch) => {
            if (batch === null) return done(error, batch)
            buffer.set(batch.entryBytes())
            const shift = batch.offsets[0] as number
            done(
              null,
              new EntryBatch(
                from,
                batch.runs,
                batch.offsets.map((offset) => offset - shift),
                buffer,
              ),
            )
          }),
      }
    },
  },
  'writes to the bytes it is given': {
    caughtBy: 'the bytes of a write are left as they are',
    breaking: mapped((write) => {
      for (const { bytes } of write.entries) if (bytes.length > 1) bytes[1] = 0
      return write
    }),
  },
  'ignores maxBytes': {
    caughtBy: 'no more than maxBytes',
    breaking: (sound) => ({ read: (from, to, _, done) => sound.read(from, to, Number.MAX_SAFE_INTEGER, done) }),
  },
  'reads beyond the range': {
    caughtBy: 'every range is read from its first entry on',
    breaking: (sound) => ({ read: (from, to, maxBytes, done) => sound.read(from, to + 1, maxBytes, done) }),
  },
  'calls done twice': {
    caughtBy: 'write and read call done once',
    breaking: (sound) => ({
      write: (write, done) =>
        sound.write(write, (error) => {
          done(error)
          setTimeout(() => done(error), 1)
        }),
    }),
  },
  'calls done of a write before it returns': {
    caughtBy: 'write and read call done once, and never before they return',
    breaking: (sound) => ({
      write: (write, done) => {
        sound.write(write, () => {})
        done(null)
      },
    }),
  },
  'never calls done': { caughtBy: 'write and read call done once', breaking: () => ({ write: () => {} }) },
  'lets a second one open': {
    caughtBy: 'a second opener is refused',
    breaking: (sound) => ({
      open: () =>
        sound.open().catch(() => ({ hardState: { currentTerm: 0, votedFor: null }, baseIndex: 0, baseTerm: 0, lastIndex: 0, runs: [] })),
    }),
  },
  'closes without waiting': {
    caughtBy: 'close waits for the reads and the write in flight',
    breaking: (sound) => ({
      close: async () => {
        void sound.close()
      },
    }),
  },
  'ends the list of batches it is given': {
    caughtBy: 'the bytes of a write are left as they are',
    breaking: mapped((write) => ({ ...write, entries: (write.entries as EntryBatch[]).splice(0) })),
  },
  'refuses the next write from inside done': {
    caughtBy: 'may start from inside done',
    breaking: (sound) => {
      let busy = false
      return {
        write: (write, done) => {
          if (busy) throw new Error('a write is in flight')
          busy = true
          sound.write(write, (error) => {
            done(error)
            busy = false
          })
        },
      }
    },
  },
  'cuts terms of entries to 32 bits': {
    caughtBy: 'terms of entries are whole numbers beyond 32 bits',
    breaking: mapped(({ hardState, entries }) => ({
      hardState,
      entries: entries.map(
        (batch) =>
          new EntryBatch(
            batch.firstIndex,
            batch.runs.map((run) => ({ ...run, term: run.term >>> 0 })),
            batch.offsets,
            batch.bytes,
          ),
      ),
    })),
  },
  'gives up a write when it is closed': {
    caughtBy: 'close waits for the reads and the write in flight',
    breaking: (sound) => {
      let closed = false
      return {
        write: (write, done) => void setImmediate(() => (closed ? done(new Error('closed')) : sound.write(write, done))),
        close: async () => {
          closed = true
          await new Promise((resolve) => setTimeout(resolve, 5))
          await sound.close()
        },
      }
    },
  },
  'loses what is large when it is opened again': {
    caughtBy: 'an entry of 10 MB',
    breaking: (sound) => {
      let isNew = true
      return {
        open: async () => {
          const stored = await sound.open()
          isNew = stored.lastIndex === 0
          return stored
        },
        read: (from, to, maxBytes, done) =>
          sound.read(from, to, maxBytes, (error, batch) =>
            batch !== null && !isNew && batch.byteLength > 1 << 20 ? done(new Error('too large'), null) : done(error, batch),
          ),
      }
    },
  },
  'forgets where terms begin': {
    caughtBy: 'the runs of their terms are there',
    breaking: (sound) => ({
      open: async () => {
        const stored = await sound.open()
        return { ...stored, runs: stored.runs.slice(0, 1) }
      },
    }),
  },
}

describe('the suite catches a storage that', () => {
  for (const [name, { caughtBy, breaking }] of Object.entries(variants))
    test(name, async () => {
      expect((await suiteOf(breaking)).filter((failed) => failed.includes(caughtBy))).toHaveLength(1)
    })
})

function asCommands(batch: EntryBatch): EntryBatch {
  const bytes = Uint8Array.from(batch.bytes)
  for (const offset of batch.offsets.subarray(0, -1)) bytes[offset] = EntryKind.Command
  return new EntryBatch(batch.firstIndex, batch.runs, batch.offsets, bytes)
}
