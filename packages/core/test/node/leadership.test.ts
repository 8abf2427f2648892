import { describe, expect, it } from 'vitest'
import { type Leadership, NodeStoppedError, WaitAbortedError } from '../../src/index.js'
import { command, outcome, World } from '../support/world.js'

describe('leadership', () => {
  it('onLeader comes once the no-op of the term is applied, and its signal aborts when the member steps down', async () => {
    const world = new World()
    const led: (Leadership & { id: string; applied: number })[] = []
    for (const id of ['a', 'b', 'c']) {
      world.add(id, { onLeader: (leadership) => led.push({ ...leadership, id, applied: world.machine(id).lastApplied }) })
    }
    const leader = await world.start()
    expect(led).toMatchObject([{ id: leader.id, term: leader.currentTerm, applied: 1 }])
    expect(led[0]?.signal.aborted).toBe(false)
    world.network.isolate(leader.id)
    await world.clock.advance(1000)
    expect(leader.role).not.toBe('leader')
    expect(led[0]?.signal.aborted).toBe(true)
  })

  it('onLeader waits for a state machine that is behind', async () => {
    const world = new World(['a'])
    let led = 0
    const node = world.add('a', { onLeader: () => led++ })
    const machine = world.machine('a')
    machine.waiting = []
    await node.start()
    await world.clock.advance(2000)
    expect([node.role, led]).toEqual(['leader', 0])
    for (const release of machine.waiting.splice(0)) release()
    await world.clock.settle()
    expect(led).toBe(1)
  })

  it('its signal aborts when the node stops', async () => {
    const world = new World(['a'])
    const signals: AbortSignal[] = []
    await world.start({ onLeader: ({ signal }) => signals.push(signal) })
    await world.node('a').stop()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  })

  it('onFollower comes at the start, and when the member has led', async () => {
    const world = new World()
    const calls: string[] = []
    for (const id of ['a', 'b', 'c']) world.add(id, { onFollower: () => calls.push(id) })
    const leader = await world.start()
    expect(calls.toSorted()).toEqual(['a', 'b', 'c'])
    world.network.isolate(leader.id)
    await world.clock.advance(1000)
    expect(calls.filter((id) => id === leader.id)).toHaveLength(2)
  })

  it.each([
    [
      'throw',
      () => {
        throw new Error('mine')
      },
    ],
    ['reject', () => Promise.reject(new Error('mine'))],
  ])('callbacks and listeners that %s are reported and harm nothing', async (_, bad) => {
    const world = new World()
    const errors: unknown[] = []
    for (const id of ['a', 'b', 'c']) {
      const node = world.add(id, { onLeader: bad, onFollower: bad })
      node.on('transition', bad)
      node.on('callbackError', bad)
      node.on('callbackError', ({ error }) => errors.push(error))
    }
    const leader = await world.start()
    const proposal = outcome(leader.propose(command(3)))
    await world.clock.settle()
    expect(proposal.value).toBe(3)
    expect(errors.length).toBeGreaterThan(4)
    expect(errors.every((error) => (error as Error).message === 'mine')).toBe(true)
  })

  it('waitForLeader and waitUntilLeader wait, end with their signal, and end with the node', async () => {
    const world = new World()
    for (const id of ['a', 'b', 'c']) world.add(id)
    const early = outcome(world.node('a').waitForLeader())
    const aborter = new AbortController()
    const aborted = outcome(world.node('a').waitForLeader({ signal: aborter.signal }))
    aborter.abort()
    const already = outcome(world.node('a').waitUntilLeader('zed', { signal: aborter.signal }))
    const leader = await world.start()
    expect(early.value).toBe(leader.id)
    expect(aborted.error).toBeInstanceOf(WaitAbortedError)
    expect(already.error).toBeInstanceOf(WaitAbortedError)
    const [follower] = world.followers(leader)
    const until = outcome((follower as typeof leader).waitUntilLeader(leader.id))
    const never = outcome((follower as typeof leader).waitUntilLeader('zed'))
    await world.clock.settle()
    expect([until.settled, until.error]).toEqual([true, undefined])
    await follower?.stop()
    await world.clock.settle()
    expect(never.error).toBeInstanceOf(NodeStoppedError)
  })
})
