import { describe, expect, it } from 'vitest'
import { NodeStoppedError, OutcomeUnknownError, StorageError, type Transport } from '../../src/index.js'
import { command, FaultyStorage, outcome, World } from '../support/world.js'

/** Timers that are set and have neither come nor been taken back. */
function countTimers(world: World): () => number {
  let pending = 0
  const schedule = world.clock.schedule.bind(world.clock)
  world.clock.schedule = (time, callback) => {
    pending += 1
    let over = false
    const end = () => {
      if (!over) pending -= 1
      over = true
    }
    const cancel = schedule(time, () => {
      end()
      callback()
    })
    return () => {
      end()
      cancel()
    }
  }
  return () => pending
}

describe('a node that was stopped', () => {
  it('from inside a callback writes nothing of what the turn had come to, and sets no timer', async () => {
    const world = new World(['a'])
    const timers = countTimers(world)
    const node = world.add('a')
    node.on('transition', ({ role }) => {
      if (role === 'candidate') void node.stop()
    })
    await node.start()
    await world.clock.advance(2000)
    expect([node.currentTerm, world.storage('a').writes, timers()]).toEqual([1, 0, 0])
  })

  it('leaves no timer', async () => {
    const world = new World(['a'])
    const timers = countTimers(world)
    const node = await world.start()
    expect(timers()).toBe(1)
    await node.stop()
    expect(timers()).toBe(0)
    await world.clock.advance(5000)
    expect(timers()).toBe(0)
  })

  it('is not told of a write that fails afterwards', async () => {
    const world = new World(['a'])
    const node = await world.start()
    const storage = world.storage('a')
    const fatal: Error[] = []
    node.on('fatal', ({ error }) => fatal.push(error))
    storage.held = []
    const lost = outcome(node.propose(command(1)))
    await world.clock.settle()
    await node.stop()
    storage.failure = new Error('EIO')
    for (const finish of storage.held ?? []) finish()
    await world.clock.settle()
    const stopped = outcome(node.stopped)
    await world.clock.settle()
    expect([stopped.settled, stopped.error, fatal]).toEqual([true, undefined, []])
    expect(lost.error).toBeInstanceOf(OutcomeUnknownError)
  })

  it('closes its storage, and takes itself off the transport', async () => {
    const detached: number[] = []
    let closed = 0
    const world = new World(['a'])
    const transport: Transport = { attach: () => {}, setMembers: () => {}, detach: (group) => detached.push(group), send: () => {} }
    const storage = new FaultyStorage(world.clock)
    const close = storage.close.bind(storage)
    storage.close = () => {
      closed += 1
      return close()
    }
    const node = world.add('a', { group: 3, transport, storage })
    await node.start()
    await node.stop()
    await node.stop()
    expect([detached, closed]).toEqual([[3], 1])
  })

  it('says so to whoever waits, reads or proposes, and leads nobody', async () => {
    const world = new World(['a'])
    const node = await world.start()
    const waiting = outcome(node.waitUntilLeader('nobody'))
    await node.stop()
    const after = [outcome(node.readIndex()), outcome(node.propose(command(1))), outcome(node.waitForLeader())]
    await world.clock.settle()
    for (const { error } of [waiting, ...after]) expect(error).toBeInstanceOf(NodeStoppedError)
    expect([node.role, node.leaderId, node.leader]).toEqual(['follower', null, null])
  })
})

describe('a node that cannot start', () => {
  it('says why to whoever started it and to whoever waits for its end, and closes its storage', async () => {
    const world = new World(['a'])
    const storage = new FaultyStorage(world.clock)
    let closed = 0
    storage.open = () => Promise.reject(new StorageError('no such directory'))
    storage.close = async () => {
      closed += 1
    }
    const node = world.add('a', { storage })
    const started = outcome(node.start())
    const stopped = outcome(node.stopped)
    await world.clock.settle()
    expect([String(started.error), stopped.error, closed]).toEqual(['StorageError: no such directory', started.error, 1])
    await node.stop()
    const again = outcome(node.start())
    await world.clock.settle()
    expect(again.error).toMatchObject({ code: 'RAFT_STOPPED', cause: started.error })
  })

  it('makes an error of whatever was thrown', async () => {
    const world = new World(['a'])
    const storage = new FaultyStorage(world.clock)
    storage.open = () => Promise.reject('a text')
    const node = world.add('a', { storage })
    const started = outcome(node.start())
    const stopped = outcome(node.stopped)
    await world.clock.settle()
    expect([started.error, (stopped.error as Error).message]).toEqual(['a text', 'a text'])
  })
})

describe('a node before its start', () => {
  it('knows its members and nothing else', () => {
    const node = new World(['a', 'b']).add('a', { group: 7 })
    expect(node.status()).toEqual({
      id: 'a',
      group: 7,
      role: 'follower',
      leaderId: null,
      currentTerm: 0,
      votedFor: null,
      lastLogIndex: 0,
      lastLogTerm: 0,
      durableIndex: 0,
      commitIndex: 0,
      knownCommitIndex: 0,
      lastApplied: 0,
      pendingProposals: 0,
      pendingProposalBytes: 0,
      pendingReads: 0,
      logWindowBytes: 0,
      members: node.members,
      followers: [],
    })
    expect(node.members.map(({ id }) => id)).toEqual(['a', 'b'])
    expect([node.currentTerm, node.leader]).toEqual([0, null])
  })
})

describe('a status', () => {
  it('says what a leader knows of its followers', async () => {
    const world = new World()
    const leader = await world.start()
    void leader.propose(command(1))
    await world.clock.advance(200)
    const status = leader.status()
    expect(status).toMatchObject({ role: 'leader', votedFor: leader.id, lastLogIndex: 2, lastLogTerm: 1, durableIndex: 2, commitIndex: 2 })
    expect(status.followers).toMatchObject(
      world.followers(leader).map(({ id }) => ({ id, matchIndex: 2, nextIndex: 3, mode: 'replicate' })),
    )
  })
})

describe('ports that fail', () => {
  it('a read of the log that fails stops the node, which says what it was', async () => {
    const world = new World(['a'])
    const node = await world.start()
    for (const value of [1, 2]) void node.propose(command(value))
    await world.clock.advance(100)
    await node.stop()
    const again = world.add('a')
    const stopped = outcome(again.stopped)
    const storage = world.storage('a')
    storage.read = (_from, _to, _maxBytes, done) => world.clock.defer(() => done(new Error('EIO: bad sector'), null))
    await again.start()
    await world.clock.advance(3000)
    expect(stopped.error).toBeInstanceOf(StorageError)
    expect((stopped.error as Error).message).toContain('failed to read: EIO: bad sector')
    expect((stopped.error as Error).cause).toMatchObject({ message: 'EIO: bad sector' })
  })

  it('a state machine that throws at a later batch stops the node', async () => {
    const world = new World(['a'])
    const node = await world.start({ maxApplyBytes: 1 })
    const stopped = outcome(node.stopped)
    const machine = world.machine('a')
    let batches = 0
    machine.onApply = () => {
      batches += 1
      if (batches === 2) throw new Error('the second')
    }
    for (const value of [1, 2, 3]) void node.propose(command(value)).catch(() => {})
    await world.clock.settle()
    expect(stopped.error).toMatchObject({ message: 'the second' })
  })

  it('a state machine that rejects with something else than an error stops the node with an error', async () => {
    const world = new World(['a'])
    const node = world.add('a')
    world.machine('a').apply = () => Promise.reject('a text')
    const stopped = outcome(node.stopped)
    await node.start()
    await world.clock.advance(3000)
    expect([stopped.error instanceof Error, (stopped.error as Error).message]).toEqual([true, 'a text'])
  })
})
