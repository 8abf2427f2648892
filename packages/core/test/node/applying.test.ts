import { describe, expect, it } from 'vitest'
import type { EntryBatch } from '../../src/index.js'
import { Counter, command, outcome, World } from '../support/world.js'

/** Applies so many entries of what it is given, and notes what it is asked for. */
class PieceCounter extends Counter {
  readonly calls: { readonly from: number; readonly to: number; readonly awaitedFrom: number; readonly turn: number }[] = []
  readonly #atOnce: number
  readonly #turn: () => number

  constructor(atOnce: number, turn: () => number = () => 0) {
    super()
    this.#atOnce = atOnce
    this.#turn = turn
  }

  override apply(entries: EntryBatch, awaitedFrom = 0): number[] | Promise<number[]> {
    this.calls.push({ from: entries.firstIndex, to: entries.lastIndex, awaitedFrom, turn: this.#turn() })
    return super.apply(entries.slice(entries.firstIndex, Math.min(entries.lastIndex, entries.firstIndex + this.#atOnce - 1)))
  }
}

async function leaderWith(machine: Counter) {
  const world = new World(['a'])
  const leader = world.add('a', { stateMachine: machine })
  await leader.start()
  await world.leader()
  return { world, leader }
}

describe('a state machine that stops early', () => {
  it('gets the rest later, and each proposal its own result', async () => {
    const { world, leader } = await leaderWith(new PieceCounter(2))
    const outcomes = [1, 2, 3, 4, 5].map((value) => outcome(leader.propose(command(value))))
    await world.clock.advance(10)
    expect(outcomes.map(({ value }) => value)).toEqual([1, 3, 6, 10, 15])
    expect(leader.status()).toMatchObject({ lastApplied: 6, pendingProposals: 0, pendingProposalBytes: 0 })
  })

  it('gets the rest when its results are promised, too', async () => {
    const machine = new PieceCounter(2)
    const { world, leader } = await leaderWith(machine)
    machine.waiting = []
    const outcomes = [1, 2, 3].map((value) => outcome(leader.propose(command(value))))
    for (let i = 0; i < 3; i++) {
      await world.clock.advance(10)
      for (const release of machine.waiting.splice(0)) release()
    }
    await world.clock.advance(10)
    expect(outcomes.map(({ value }) => value)).toEqual([1, 3, 6])
  })

  it('gets the rest of what was read from storage without that it is read again', async () => {
    const world = new World(['a'])
    const leader = world.add('a')
    await leader.start()
    await world.leader()
    for (let value = 1; value <= 9; value++) void leader.propose(command(value))
    await world.clock.advance(10)
    await leader.stop()
    const machine = new PieceCounter(2)
    const again = world.add('a', { stateMachine: machine })
    let reads = 0
    const storage = world.storage('a')
    const read = storage.read.bind(storage)
    storage.read = (...request) => {
      reads += 1
      read(...request)
    }
    await again.start()
    await world.leader()
    expect(machine.value).toBe(45)
    expect(machine.calls.length).toBeGreaterThan(4)
    // The storage has two batches: of the no-op, and of the commands.
    expect(reads).toBe(2)
  })

  it.each([0, 4])('stops the node when it gives %s results for three entries, for somebody would wait for ever', async (count) => {
    const machine = new (class extends Counter {
      override apply(entries: EntryBatch): number[] | Promise<number[]> {
        const results = super.apply(entries)
        return entries.count === 3 ? new Array(count).fill(0) : results
      }
    })()
    const { world, leader } = await leaderWith(machine)
    const stopped = outcome(leader.stopped)
    for (const value of [1, 2, 3]) void leader.propose(command(value)).catch(() => {})
    await world.clock.advance(10)
    expect(String(stopped.error)).toContain(`the state machine returned ${count} results for the 3 entries`)
  })
})

describe('results are asked for', () => {
  it('from the first proposal on that is waited for, and not at all on a follower or when the log is applied at a start', async () => {
    const world = new World()
    const machines = ['a', 'b', 'c'].map((id) => {
      const machine = new PieceCounter(100)
      world.add(id, { stateMachine: machine })
      return { id, machine }
    })
    const leader = await world.start()
    await Promise.all([1, 2, 3].map(async (value) => await Promise.all([leader.propose(command(value)), world.clock.advance(100)])))
    for (const { id, machine } of machines) {
      const asked = machine.calls.filter(({ to }) => to > 1)
      expect(asked.length).toBeGreaterThan(0)
      for (const { from, awaitedFrom } of asked) expect(awaitedFrom, `at ${id}`).toBe(id === leader.id ? from : Number.POSITIVE_INFINITY)
    }
    for (const node of world.nodes.values()) await node.stop()
    const again = new PieceCounter(100)
    world.add('a', { stateMachine: again })
    world.add('b')
    await Promise.all([world.node('a').start(), world.node('b').start()])
    await world.leader()
    await world.clock.advance(200)
    expect(again.value).toBe(6)
    for (const { awaitedFrom } of again.calls) expect(awaitedFrom).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('between one batch and the next', () => {
  it('messages are answered, however much is committed', async () => {
    const world = new World(['a'])
    let turn = 0
    const machine = new PieceCounter(100, () => turn)
    const leader = world.add('a', { stateMachine: machine, maxApplyBytes: 100 })
    await leader.start()
    await world.leader()
    const defer = world.clock.defer.bind(world.clock)
    world.clock.defer = (callback) =>
      defer(() => {
        turn += 1
        callback()
      })
    const outcomes = Array.from({ length: 8 }, () => outcome(leader.propose(command(1, 90))))
    await world.clock.settle()
    expect(outcomes.map(({ value }) => value)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    const turns = machine.calls.filter(({ from }) => from > 1).map((call) => call.turn)
    expect(turns).toHaveLength(8)
    expect(new Set(turns).size).toBe(8)
  })
})
