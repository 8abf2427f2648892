import { describe, expect, it } from 'vitest'
import type { EntryBatch } from '../../src/index.js'
import { StorageError } from '../../src/index.js'
import { Counter, command, outcome, World } from '../support/world.js'

/** How often the clock has been asked to defer something, and to wait for a time. */
function countCalls(world: World): { defers: number; timers: number } {
  const counts = { defers: 0, timers: 0 }
  const { clock } = world
  const [defer, schedule] = [clock.defer.bind(clock), clock.schedule.bind(clock)]
  clock.defer = (callback) => {
    counts.defers += 1
    defer(callback)
  }
  clock.schedule = (time, callback) => {
    counts.timers += 1
    return schedule(time, callback)
  }
  return counts
}

describe('a turn', () => {
  it('is one for all that comes before it', async () => {
    const world = new World(['a'])
    const node = await world.start()
    const counts = countCalls(world)
    for (let i = 0; i < 100; i++) node.submit(command(1), () => {})
    expect(counts.defers).toBe(1)
  })

  it('deals with what it causes itself, and asks for no other', async () => {
    const world = new World(['a'])
    const node = await world.start()
    const counts = countCalls(world)
    const done = outcome(node.propose(command(1)))
    await world.clock.settle()
    expect(done.value).toBe(1)
    // The turn that appends, the write, the turn that commits and applies, and the rest after applying.
    expect(counts.defers).toBe(4)
  })

  it('sets no timer while the one that is set comes early enough', async () => {
    const world = new World(['a'])
    const node = await world.start()
    const counts = countCalls(world)
    const done = Array.from({ length: 5 }, () => outcome(node.propose(command(1))))
    await world.clock.settle()
    expect(done.every(({ settled }) => settled)).toBe(true)
    expect(counts.timers).toBe(0)
  })

  it('for which a timer asked comes to nothing when the node is stopped before it', async () => {
    const world = new World(['a', 'b', 'c'])
    const node = world.add('a')
    await node.start()
    const transitions: string[] = []
    node.on('transition', ({ role }) => transitions.push(role))
    const { clock } = world
    const defer = clock.defer.bind(clock)
    let stops = 0
    clock.defer = (callback) => {
      defer(callback)
      stops += 1
      void node.stop()
    }
    await clock.advance(2000)
    expect([stops, transitions, world.sent]).toEqual([1, [], []])
  })
})

describe('a state machine that stops early', () => {
  it('goes on when a timer has come: what is deferred might run before anything is received', async () => {
    const machine = new (class extends Counter {
      override apply(entries: EntryBatch): number[] | Promise<number[]> {
        return super.apply(entries.slice(entries.firstIndex, Math.min(entries.lastIndex, entries.firstIndex + 1)))
      }
    })()
    const world = new World(['a'])
    const node = world.add('a', { stateMachine: machine })
    await node.start()
    await world.leader()
    const outcomes = [1, 2, 3].map((value) => outcome(node.propose(command(value))))
    await world.clock.settle()
    expect(outcomes.map(({ value }) => value)).toEqual([1, 3, undefined])
    await world.clock.advance(0)
    expect(outcomes.map(({ value }) => value)).toEqual([1, 3, 6])
  })
})

describe('a read of the log', () => {
  async function restartedWith(result: (entries: EntryBatch) => [error: Error | null, entries: EntryBatch | null]) {
    const world = new World(['a'])
    const node = await world.start()
    void node.propose(command(1))
    await world.clock.advance(100)
    await node.stop()
    const again = world.add('a')
    const stopped = outcome(again.stopped)
    const storage = world.storage('a')
    const read = storage.read.bind(storage)
    storage.read = (from, to, maxBytes, done) => {
      read(from, to, maxBytes, (_error, entries) => done(...result(entries as EntryBatch)))
    }
    await again.start()
    await world.clock.advance(3000)
    return stopped.error
  }

  it('that gives neither entries nor an error stops the node, which would wait for ever', async () => {
    const error = await restartedWith(() => [null, null])
    expect(error).toBeInstanceOf(StorageError)
    expect((error as Error).message).toContain('failed to read')
  })

  it('that gives an error stops the node, whatever entries come with it', async () => {
    const cause = new Error('EIO')
    expect(await restartedWith((entries) => [cause, entries])).toMatchObject({ code: 'RAFT_STORAGE', cause })
  })
})

describe('what the transport tells of a peer', () => {
  it('reaches the member: followers of a leader whose process is gone elect another long before electionTimeout', async () => {
    const world = new World()
    const leader = await world.start({ electionTimeout: 60_000, heartbeatInterval: 50 }).catch(() => null)
    expect(leader).not.toBeNull()
    await leader?.stop()
    const others = [...world.nodes.values()].filter((node) => node !== leader)
    await world.clock.advance(2000)
    expect(others.filter(({ role }) => role === 'leader')).toHaveLength(1)
  })
})
