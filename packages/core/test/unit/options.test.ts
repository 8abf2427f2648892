import { describe, expect, it } from 'vitest'
import { ConfigurationError, completeTuning, defaultTuning, NodeStoppedError, NotLeaderError } from '../../src/index.js'
import { isVoter, peersOf } from '../../src/membership.js'
import { completeLimits, defaultLimits } from '../../src/node/options.js'
import { initialMembership } from '../../src/state-index.js'

describe('the defaults', () => {
  it('are those that the documentation gives', () => {
    expect(completeTuning({})).toEqual({
      electionTimeout: 500,
      heartbeatInterval: 50,
      maxAppendBytes: 524_288,
      maxInflightBytes: 8_388_608,
      maxInflightMessages: 256,
      maxWindowBytes: 67_108_864,
      maxWriteBytes: 1_048_576,
      maxApplyBytes: 1_048_576,
    })
    expect(completeLimits({})).toEqual({ maxCommandBytes: 33_554_432, maxPending: 65_536, maxPendingBytes: 134_217_728 })
  })
})

describe.each(Object.keys(defaultTuning))('%s', (key) => {
  it('is taken where it is positive, and refused by name where it is not', () => {
    const complete = (value: number) => completeTuning({ electionTimeout: 1e9, heartbeatInterval: 1, [key]: value })
    expect(complete(7.5)).toMatchObject({ [key]: 7.5 })
    for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => complete(value)).toThrow(ConfigurationError)
      expect(() => complete(value)).toThrow(new RegExp(`^${key}: .*${value}`))
    }
  })
})

describe.each(Object.keys(defaultLimits))('%s', (key) => {
  it('is taken where it is a positive whole number, and refused by name where it is not', () => {
    expect(completeLimits({ [key]: 1 })).toMatchObject({ [key]: 1 })
    for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => completeLimits({ [key]: value })).toThrow(ConfigurationError)
      expect(() => completeLimits({ [key]: value })).toThrow(new RegExp(`^${key}: .*${value}`))
    }
  })
})

describe('heartbeatInterval', () => {
  it('may be a third of electionTimeout and no more', () => {
    expect(completeTuning({ electionTimeout: 300, heartbeatInterval: 100 })).toMatchObject({ heartbeatInterval: 100 })
    expect(() => completeTuning({ electionTimeout: 299, heartbeatInterval: 100 })).toThrow(
      /heartbeatInterval \(100\).*electionTimeout \(299\)/,
    )
  })
})

describe('members', () => {
  const members = (...ids: string[]) => ids.map((id) => ({ id, addresses: { peer: `${id}:1` } }))

  it('all vote, and none of them is its own peer', () => {
    const membership = initialMembership(members('a', 'b'), 'b')
    expect(membership).toMatchObject({ voters: ['a', 'b'], outgoing: [], learners: [] })
    expect(membership.members.get('a')).toEqual({ id: 'a', addresses: { peer: 'a:1' } })
    expect([peersOf(membership, 'b'), isVoter(membership, 'a'), isVoter(membership, 'c')]).toEqual([['a'], true, false])
  })

  it('that are being left vote too', () => {
    const joint = { ...initialMembership(members('a'), 'a'), outgoing: ['z'] }
    expect([isVoter(joint, 'z'), isVoter(joint, 'y')]).toEqual([true, false])
  })

  it('have ids of their own, that are text', () => {
    expect(() => initialMembership([], 'a')).toThrow('at least one member is needed')
    expect(() => initialMembership(members('a', 'b', 'a'), 'a')).toThrow('every member needs an id of its own')
    expect(() => initialMembership(members('a', 'b'), 'c')).toThrow('c is not among a, b')
    for (const id of ['', '\ud800', 7 as unknown as string])
      expect(() => initialMembership(members('a', id), 'a')).toThrow(/must be text that is not empty/)
  })
})

describe('errors', () => {
  it('name their class and code, their cause where there is one, and what to do', () => {
    const cause = new Error('EIO')
    const withCause = new NodeStoppedError(cause)
    expect(withCause).toMatchObject({ name: 'NodeStoppedError', code: 'RAFT_STOPPED', message: 'the node has stopped: EIO', cause })
    const without = new NodeStoppedError()
    expect([without.message, 'cause' in without]).toEqual(['the node has stopped', false])
    expect(new NodeStoppedError('a text').message).toBe('the node has stopped')
    const leader = { id: 'b', addresses: {} }
    expect([new NotLeaderError(leader).leaderId, new NotLeaderError(leader).message]).toEqual(['b', 'this member does not lead: ask b'])
    expect([new NotLeaderError(null).leaderId, new NotLeaderError(null).message]).toEqual([
      null,
      'this member does not lead and knows no leader: try again after waitForLeader()',
    ])
  })
})
