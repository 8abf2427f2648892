import { type EntryBatch, EntryKind } from '@raft/core'
import { describe, expect, test } from 'vitest'
import { stateMachineSuite } from '../src/index.js'
import { Adder, addition } from './support/adder.js'
import { failures } from './support/collect.js'

const suiteOf = (make: () => Adder) =>
  failures((declare) => stateMachineSuite({ test: declare, make, command: addition, digest: ({ sum }) => sum, timeout: 300, seeds: 5 }))

let made = 0

const variants: Record<string, { caughtBy: string; make: () => Adder }> = {
  'gives results for commands only': {
    caughtBy: 'apply gives one result an entry',
    make: () =>
      new (class extends Adder {
        override apply(entries: EntryBatch) {
          return super.apply(entries).filter((result) => result !== undefined)
        }
      })(),
  },
  'depends on how batches are cut': {
    caughtBy: 'how entries are cut into batches',
    make: () =>
      new (class extends Adder {
        override apply(entries: EntryBatch) {
          this.sum += 1
          return super.apply(entries)
        }
      })(),
  },
  'changes less where nobody waits': {
    caughtBy: 'for which entries results are awaited',
    make: () =>
      new (class extends Adder {
        override apply(entries: EntryBatch, awaitedFrom = 0) {
          const { sum } = this
          const results = super.apply(entries)
          if (awaitedFrom > entries.lastIndex) this.sum = sum
          return results
        }
      })(),
  },
  'stops early and has counted all': {
    caughtBy: 'apply gives one result an entry',
    make: () =>
      new (class extends Adder {
        override apply(entries: EntryBatch) {
          return super.apply(entries).slice(0, 3)
        }
      })(),
  },
  'depends on the process': {
    caughtBy: 'equal entries give equal states',
    make: () => {
      const machine = new Adder()
      made += 1
      machine.sum = made
      return machine
    },
  },
  'looks at the time': {
    caughtBy: 'it makes no difference when',
    make: () =>
      new (class extends Adder {
        override applyCommand(command: Uint8Array) {
          super.applyCommand(command)
          return { sum: this.sum, at: Math.floor(performance.now() / 10) }
        }
      })(),
  },
  'applies a batch backwards': {
    caughtBy: 'how entries are cut into batches',
    make: () =>
      new (class extends Adder {
        override apply(entries: EntryBatch) {
          const results: unknown[] = []
          for (let i = entries.lastIndex; i >= entries.firstIndex; i--)
            results.unshift(entries.kind(i) === EntryKind.Command ? this.applyCommand(entries.payload(i)) : undefined)
          this.lastApplied = entries.lastIndex
          return results
        }
      })(),
  },
  'applies what is no command': {
    caughtBy: 'entries that are no commands change nothing',
    make: () =>
      new (class extends Adder {
        override apply(entries: EntryBatch) {
          const results = super.apply(entries)
          for (let i = entries.firstIndex; i <= entries.lastIndex; i++)
            if (entries.kind(i) > EntryKind.NoOp) this.applyCommand(entries.payload(i))
          return results
        }
      })(),
  },
  'does not count what it applied': {
    caughtBy: 'lastApplied is 0 at first',
    make: () =>
      new (class extends Adder {
        override apply(entries: EntryBatch) {
          const results = super.apply(entries)
          if (entries.kind(entries.lastIndex) !== EntryKind.Command || entries.count > 1) this.lastApplied -= 1
          return results
        }
      })(),
  },
  'throws for a command that makes no sense': {
    caughtBy: 'a command that makes no sense',
    make: () =>
      new (class extends Adder {
        override applyCommand(command: Uint8Array) {
          if (command.length !== 1) throw new Error('malformed')
          return super.applyCommand(command)
        }
      })(),
  },
  'gives the same object for result each time': {
    caughtBy: 'results given do not change',
    make: () =>
      new (class extends Adder {
        readonly #result = { sum: 0 }
        override applyCommand(command: Uint8Array) {
          super.applyCommand(command)
          this.#result.sum = this.sum
          return this.#result
        }
      })(),
  },
  'writes to the bytes of entries': {
    caughtBy: 'the bytes of entries are left as they are',
    make: () =>
      new (class extends Adder {
        override applyCommand(command: Uint8Array) {
          const result = super.applyCommand(command)
          command.fill(0)
          return result
        }
      })(),
  },
}

test('a sound state machine passes', async () => {
  expect(await suiteOf(() => new Adder())).toEqual([])
})

test('so does one that stops early, and makes no results that nobody waits for', async () => {
  const make = () =>
    new (class extends Adder {
      override apply(entries: EntryBatch, awaitedFrom = 0) {
        const last = Math.min(entries.firstIndex + 2, entries.lastIndex)
        const results = super.apply(entries.slice(entries.firstIndex, last))
        return results.map((result, i) => (entries.firstIndex + i < awaitedFrom ? undefined : result))
      }
    })()
  expect(await suiteOf(make)).toEqual([])
})

describe('the suite catches a state machine that', () => {
  for (const [name, { caughtBy, make }] of Object.entries(variants))
    test(name, async () => {
      expect((await suiteOf(make)).filter((failed) => failed.includes(caughtBy))).toHaveLength(1)
    })
})
