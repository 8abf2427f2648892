import assert from 'node:assert/strict'
import { EntryBatch, EntryKind, type Random, type StateMachine } from '@raft/core'
import { randomBytes, randomFrom, whole } from '../random.js'
import { Suite, type SuiteOptions } from '../suite.js'
import { sleep, within } from '../waiting.js'

/** An entry that is no command, of a kind that a later version may have: a state machine counts it, whatever it is for. */
const KIND_TO_COME = 2

/** `malformed`: some bytes are no command. Unsupported where every sequence of bytes is one. */
export type StateMachineFeature = 'malformed'

export interface StateMachineSuiteOptions<Machine extends StateMachine> extends SuiteOptions<StateMachineFeature> {
  /** A new state machine, with nothing applied. */
  readonly make: () => Machine | Promise<Machine>
  /** A random command that makes sense. The same random numbers give the same command. */
  readonly command: (random: Random) => Uint8Array
  /** What is equal exactly when states are equal; without `lastApplied`. */
  readonly digest: (machine: Machine) => unknown
  /** How many random logs are applied for each property. Default 20. */
  readonly seeds?: number
}

/** Declares the tests of the `StateMachine` port. @throws ConfigurationError for an unknown feature. */
export function stateMachineSuite<Machine extends StateMachine>(options: StateMachineSuiteOptions<Machine>): void {
  const suite = new Suite(options, ['malformed'])
  const { make, command, digest, seeds = 20 } = options
  /** All of the entries, in as many calls as the machine needs. */
  const apply = async (machine: Machine, entries: EntryBatch, awaitedFrom = 0) => {
    const results: unknown[] = []
    while (results.length < entries.count) {
      const rest = entries.slice(entries.firstIndex + results.length, entries.lastIndex)
      const some = await within(suite.timeout, 'apply', Promise.resolve(machine.apply(rest, awaitedFrom)))
      assert(
        some.length >= 1 && some.length <= rest.count,
        `${some.length} results for ${rest.count} entries: one each for the first of them`,
      )
      results.push(...some)
      const applied = entries.firstIndex + results.length - 1
      assert.equal(machine.lastApplied, applied, `lastApplied once there are results up to entry ${applied}`)
    }
    return results
  }
  const forEachSeed = async (body: (random: Random) => Promise<void>) => {
    for (let seed = 1; seed <= seeds; seed++)
      await body(randomFrom(seed)).catch((error: unknown) => {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
      })
  }
  const randomLog = (random: Random, count = 1 + whole(random, 60)) => {
    const kind = () => (random() < 0.8 ? EntryKind.Command : random() < 0.5 ? EntryKind.NoOp : KIND_TO_COME)
    return EntryBatch.concat(Array.from({ length: count }, (_, i) => EntryBatch.of(i + 1, 1, kind(), [command(random)])))
  }

  suite.test('lastApplied is 0 at first, and the last index applied from then on', async () => {
    const machine = await make()
    assert.equal(machine.lastApplied, 0, 'lastApplied of a new state machine')
    const log = randomLog(randomFrom(1), 20)
    for (const [from, to] of [
      [1, 1],
      [2, 7],
      [8, 7],
      [8, 20],
    ] as const) {
      await apply(machine, log.slice(from, to))
      assert.equal(machine.lastApplied, to, `lastApplied once entries ${from} to ${to} are applied`)
    }
  })

  suite.test('apply gives one result an entry, and undefined for those that are no commands', () =>
    forEachSeed(async (random) => {
      const log = randomLog(random)
      const results = await apply(await make(), log)
      for (let i = 1; i <= log.count; i++)
        if (log.kind(i) !== EntryKind.Command) assert.equal(results[i - 1], undefined, `the result of entry ${i}, of kind ${log.kind(i)}`)
    }),
  )

  suite.test('entries that are no commands change nothing but lastApplied', async () => {
    const random = randomFrom(1)
    const machine = await make()
    await apply(machine, EntryBatch.of(1, 1, EntryKind.Command, [command(random), command(random)]))
    // A digest may be a view of the state.
    const before = structuredClone(await digest(machine))
    await apply(machine, EntryBatch.of(3, 1, EntryKind.NoOp, [new Uint8Array(0), command(random)]))
    await apply(machine, EntryBatch.of(5, 1, KIND_TO_COME, [command(random), new Uint8Array(0)]))
    assert.deepEqual(structuredClone(await digest(machine)), before, 'the digest, once entries that are no commands are applied')
    assert.equal(machine.lastApplied, 6, 'lastApplied')
  })

  suite.test('equal entries give equal states and results', () =>
    forEachSeed(async (random) => {
      const log = randomLog(random)
      const [one, other] = [await make(), await make()]
      assert.deepEqual(await apply(one, log), await apply(other, log))
      assert.deepEqual(await digest(one), await digest(other))
    }),
  )

  suite.test('it makes no difference when entries are applied', async () => {
    const log = randomLog(randomFrom(1))
    const [one, other] = [await make(), await make()]
    const results = structuredClone(await apply(one, log))
    const state = structuredClone(await digest(one))
    await sleep(25)
    assert.deepEqual(structuredClone(await apply(other, log)), results, 'results of the same entries, applied a little later')
    assert.deepEqual(structuredClone(await digest(other)), state, 'states of the same entries, applied a little later')
  })

  suite.test('it makes no difference how entries are cut into batches', () =>
    forEachSeed(async (random) => {
      const log = randomLog(random)
      const [one, other] = [await make(), await make()]
      const uncut = await apply(one, log)
      const results: unknown[] = []
      for (let next = 1; next <= log.count; ) {
        const to = Math.min(log.count, next + whole(random, 5))
        results.push(...(await apply(other, log.slice(next, to))))
        next = to + 1
      }
      assert.deepEqual(results, uncut)
      assert.deepEqual(await digest(other), await digest(one))
    }),
  )

  suite.test('it makes no difference to the state, nor to other results, for which entries results are awaited', () =>
    forEachSeed(async (random) => {
      const log = randomLog(random)
      const [one, other] = [await make(), await make()]
      const all = await apply(one, log)
      const middle = 1 + whole(random, log.count)
      const before = await apply(other, log.slice(1, middle), Number.POSITIVE_INFINITY)
      const awaitedFrom = middle + 1 + whole(random, 5)
      const some = [...before, ...(await apply(other, log.slice(middle + 1, log.lastIndex), awaitedFrom))]
      assert.deepEqual(some.slice(awaitedFrom - 1), all.slice(awaitedFrom - 1), `results from entry ${awaitedFrom} on`)
      assert.deepEqual(await digest(other), await digest(one))
    }),
  )

  suite.test('the bytes of entries are left as they are, and results given do not change', () =>
    forEachSeed(async (random) => {
      const log = randomLog(random)
      const bytes = Uint8Array.from(log.bytes)
      const machine = await make()
      const results = await apply(machine, log)
      const copy = structuredClone(results)
      await apply(machine, EntryBatch.of(log.count + 1, 1, EntryKind.Command, [command(random), command(random)]))
      assert(Buffer.compare(log.bytes, bytes) === 0, 'apply changed the bytes of the entries')
      assert.deepEqual(structuredClone(results), copy, 'results, once later entries are applied')
    }),
  )

  suite.testOf('malformed', 'a command that makes no sense is answered with a result, the same on all members', () =>
    forEachSeed(async (random) => {
      const log = EntryBatch.of(1, 1, EntryKind.Command, [command(random), ...malformed(random, command)])
      const [one, other] = [await make(), await make()]
      const results = await apply(one, log)
      for (let i = 0; i < results.length; i++) assert.notEqual(results[i], undefined, `the result of command ${i + 1}`)
      const others: unknown[] = []
      for (let i = 1; i <= log.count; i++) others.push(...(await apply(other, log.slice(i, i))))
      assert.deepEqual(others, results)
      assert.deepEqual(await digest(other), await digest(one))
    }),
  )
}

/** Nothing, noise, and commands cut short, prolonged, or with one byte changed. */
function malformed(random: Random, command: (random: Random) => Uint8Array): Uint8Array[] {
  const commands: Uint8Array[] = [new Uint8Array(0)]
  for (let i = 0; i < 20; i++) {
    const good = command(random)
    const changed = Uint8Array.from(good)
    if (changed.length > 0) changed[whole(random, changed.length)] = whole(random, 256)
    commands.push(randomBytes(random, whole(random, 40)), good.slice(0, whole(random, good.length)), changed, Uint8Array.from([...good, 0]))
  }
  return commands
}
