import { describe, expect, it } from 'vitest'
import {
  CommandTooLargeError,
  NodeStoppedError,
  NotLeaderError,
  OutcomeUnknownError,
  OverloadedError,
  WaitAbortedError,
} from '../../src/index.js'
import { command, outcome, World } from '../support/world.js'

describe('proposals', () => {
  it('are fulfilled with the results of the state machine, each its own', async () => {
    const world = new World()
    const leader = await world.start()
    const outcomes = [1, 2, 3].map((value) => outcome(leader.propose(command(value))))
    await world.clock.settle()
    expect(outcomes.map(({ value }) => value)).toEqual([1, 3, 6])
  })

  it('are refused by a member that does not lead, with the leader and its addresses', async () => {
    const world = new World()
    const leader = await world.start()
    const follower = world.followers(leader)[0]
    const refused = outcome(follower?.propose(command(1)) as Promise<number>)
    await world.clock.settle()
    expect(refused.error).toBeInstanceOf(NotLeaderError)
    expect(refused.error).toMatchObject({
      code: 'RAFT_NOT_LEADER',
      leaderId: leader.id,
      leader: { id: leader.id, addresses: { peer: `${leader.id}.example:7001` } },
    })
  })

  it('say that no leader is known, where none is', async () => {
    const world = new World()
    const node = world.add('a')
    await node.start()
    const refused = outcome(node.propose(command(1)))
    await world.clock.settle()
    expect(refused.error).toMatchObject({ code: 'RAFT_NOT_LEADER', leader: null, leaderId: null })
  })

  it('trap 5 and 37: end with OutcomeUnknownError when leadership is lost after they were appended', async () => {
    const world = new World()
    const leader = await world.start()
    world.network.isolate(leader.id)
    const lost = [outcome(leader.propose(command(1))), outcome(leader.propose(command(2)))]
    await world.clock.advance(1000)
    expect(lost.map(({ error }) => (error as OutcomeUnknownError).code)).toEqual(['RAFT_OUTCOME_UNKNOWN', 'RAFT_OUTCOME_UNKNOWN'])
    expect(leader.status()).toMatchObject({ pendingProposals: 0, pendingProposalBytes: 0 })
    world.network.rejoin(leader.id)
    const next = await world.leader()
    expect(next).not.toBe(leader)
    const first = outcome(next.propose(command(5)))
    await world.clock.advance(500)
    expect(first.value).toBe(5)
    expect(world.machine(leader.id).value).toBe(5)
  })

  it('end with OutcomeUnknownError when the node stops after they were appended, and were not when before', async () => {
    const world = new World()
    const leader = await world.start()
    world.network.isolate(leader.id)
    const appended = outcome(leader.propose(command(1)))
    await world.clock.settle()
    const notAppended = outcome(leader.propose(command(2)))
    await leader.stop()
    const after = outcome(leader.propose(command(3)))
    await world.clock.settle()
    expect(appended.error).toBeInstanceOf(OutcomeUnknownError)
    expect(notAppended.error).toBeInstanceOf(NodeStoppedError)
    expect(after.error).toBeInstanceOf(NodeStoppedError)
  })

  it('end with OutcomeUnknownError when their signal aborts, and did not begin when it had before', async () => {
    const world = new World()
    const leader = await world.start()
    world.network.isolate(leader.id)
    const aborter = new AbortController()
    const aborted = outcome(leader.propose(command(1), { signal: aborter.signal }))
    await world.clock.settle()
    aborter.abort()
    const never = outcome(leader.propose(command(1), { signal: aborter.signal }))
    await world.clock.settle()
    expect(aborted.error).toBeInstanceOf(OutcomeUnknownError)
    expect(never.error).toBeInstanceOf(WaitAbortedError)
    expect(leader.status().pendingProposals).toBe(1)
  })

  it('are refused beyond maxPending, and taken again when some have finished', async () => {
    const world = new World()
    const leader = await world.start({ maxPending: 3 })
    world.network.isolate(leader.id)
    const outcomes = [1, 2, 3, 4].map((value) => outcome(leader.propose(command(value))))
    await world.clock.settle()
    expect(outcomes.map(({ settled }) => settled)).toEqual([false, false, false, true])
    expect(outcomes[3]?.error).toBeInstanceOf(OverloadedError)
    world.network.rejoin(leader.id)
    await world.clock.advance(2000)
    expect(outcomes.slice(0, 3).map(({ value }) => value)).toEqual([1, 3, 6])
    expect(await settled(world, leader.propose(command(4)))).toBe(10)
  })

  it('are refused beyond maxPendingBytes, though one is taken whatever its size', async () => {
    const world = new World()
    const leader = await world.start({ maxPendingBytes: 10, maxCommandBytes: 100 })
    const outcomes = [50, 1].map((length) => outcome(leader.propose(command(1, length))))
    await world.clock.settle()
    expect(outcomes[0]?.value).toBe(1)
    expect(outcomes[1]?.error).toBeInstanceOf(OverloadedError)
    expect(leader.status()).toMatchObject({ pendingProposals: 0, pendingProposalBytes: 0 })
  })

  it('are refused over maxCommandBytes, and then nothing is appended', async () => {
    const world = new World()
    const leader = await world.start({ maxCommandBytes: 8 })
    const before = leader.status().lastLogIndex
    const refused = outcome(leader.propose(command(1, 9)))
    await world.clock.settle()
    expect(refused.error).toBeInstanceOf(CommandTooLargeError)
    expect(leader.status().lastLogIndex).toBe(before)
    expect(await settled(world, leader.propose(command(1, 8)))).toBe(1)
  })

  it('that arrive together share one write', async () => {
    const world = new World()
    const leader = await world.start()
    const before = world.storage(leader.id).writes
    for (let i = 0; i < 1000; i++) void leader.propose(command(1))
    await world.clock.settle()
    expect(world.machine(leader.id).value).toBe(1000)
    expect(world.storage(leader.id).writes - before).toBe(1)
  })

  it('may be submitted from inside the callback of another, any number of times', async () => {
    const world = new World()
    const leader = await world.start()
    const results: (number | undefined)[] = []
    let inside = false
    const next = () => {
      inside = true
      leader.submit(command(1), (_, result) => {
        expect(inside).toBe(false)
        results.push(result)
        if (results.length < 50) next()
      })
      inside = false
    }
    next()
    await world.clock.settle()
    expect(results).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
  })

  it('refused from inside a callback that was refused do not loop inside it', async () => {
    const world = new World()
    const leader = await world.start()
    const follower = world.followers(leader)[0]
    let refusals = 0
    const again = () =>
      follower?.submit(command(1), (error) => {
        expect(error).toBeInstanceOf(NotLeaderError)
        refusals += 1
        if (refusals < 20) again()
      })
    again()
    await world.clock.settle()
    expect(refusals).toBe(20)
  })
})

describe('reads', () => {
  it('that wait together share one round of messages', async () => {
    const world = new World()
    const leader = await world.start()
    await settled(world, leader.propose(command(9)))
    world.sent.length = 0
    const reads = Array.from({ length: 100 }, () => outcome(leader.readIndex()))
    await world.clock.settle()
    expect(new Set(reads.map(({ value }) => value))).toEqual(new Set([leader.status().commitIndex]))
    expect(world.sent.filter(({ message }) => message.type === 'heartbeat')).toHaveLength(2)
  })

  it('are refused by a member that does not lead, and beyond maxPending', async () => {
    const world = new World()
    const leader = await world.start({ maxPending: 2 })
    const follower = world.followers(leader)[0]
    const refused = outcome(follower?.readIndex() as Promise<number>)
    const reads = [1, 2, 3].map(() => outcome(leader.readIndex()))
    await world.clock.settle()
    expect(refused.error).toBeInstanceOf(NotLeaderError)
    expect(reads.map(({ error }) => error === undefined)).toEqual([true, true, false])
    expect(reads[2]?.error).toBeInstanceOf(OverloadedError)
  })

  it('fault 7: fail on a leader that was cut off and deposed', async () => {
    const world = new World()
    const leader = await world.start()
    world.network.isolate(leader.id)
    const read = outcome(leader.readIndex())
    await world.clock.advance(2000)
    expect(read.error).toBeInstanceOf(NotLeaderError)
  })

  it('give the read index, though more may be applied by then', async () => {
    const world = new World()
    const leader = await world.start()
    const machine = world.machine(leader.id)
    machine.waiting = []
    for (const value of [1, 2]) void leader.propose(command(value))
    await world.clock.settle()
    void leader.propose(command(3))
    await world.clock.settle()
    const read = outcome(leader.readIndex())
    await world.clock.settle()
    const readIndex = leader.status().commitIndex
    void leader.propose(command(4))
    await world.clock.settle()
    expect(leader.status()).toMatchObject({ commitIndex: readIndex + 1, lastApplied: readIndex - 3 })
    machine.waiting.shift()?.()
    await world.clock.settle()
    // What stood behind was applied in one piece.
    for (const release of machine.waiting.splice(0)) release()
    await world.clock.settle()
    expect(leader.status().lastApplied).toBe(readIndex + 1)
    expect(read.value).toBe(readIndex)
  })

  it('wait until what they must see is applied', async () => {
    const world = new World()
    const leader = await world.start()
    const machine = world.machine(leader.id)
    machine.waiting = []
    void leader.propose(command(7))
    await world.clock.settle()
    const read = outcome(leader.readIndex())
    await world.clock.advance(200)
    expect(read.settled).toBe(false)
    for (const release of machine.waiting.splice(0)) release()
    await world.clock.settle()
    expect(read.value).toBe(leader.status().commitIndex)
  })
})

async function settled<T>(world: World, promise: Promise<T>): Promise<T | undefined> {
  const result = outcome(promise)
  await world.clock.advance(200)
  if (result.error !== undefined) throw result.error
  return result.value
}
