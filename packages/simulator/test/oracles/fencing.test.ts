import type { NodeStatus } from '@raft/core'
import { describe, expect, it } from 'vitest'
import { Facts } from '../../src/facts/facts.js'
import { World } from '../../src/index.js'
import { fencing } from '../../src/oracles/fencing.js'
import type { Oracle } from '../../src/oracles/oracle.js'

const limits = { electionTimeout: 100, maxPending: 9, maxWindowBytes: 9, maxInflightBytes: 9, maxInflightMessages: 9 }
const status = { role: 'follower', currentTerm: 2, votedFor: 'a', lastLogIndex: 1, durableIndex: 1, commitIndex: 1, lastApplied: 1 }
const asStatus = (changed: object = {}) => ({ ...status, ...changed }) as NodeStatus
const accounts = {} as Parameters<Required<Oracle>['onStopped']>[2]
const speaker = { role: 'leader', currentTerm: 2 } as const

/** The violation that is found when these events happen, in this order. */
function found(...happens: ((oracle: Required<Oracle>) => void)[]): string | undefined {
  const world = new World(1)
  const oracle = fencing(new Facts(world, { members: ['a', 'b'], baseIndex: 0, baseTerm: 0, ...limits }))
  for (const one of happens) one(oracle as Required<Oracle>)
  return world.violation?.oracle
}

const stops = (oracle: Required<Oracle>) => oracle.onStopped('a', asStatus(), accounts, 0)
const ends = (oracle: Required<Oracle>) => oracle.onEnded('a')
const acts: Record<string, (oracle: Required<Oracle>) => void> = {
  'begins a write': (oracle) => oracle.onWrite('a', { hardState: null, entries: [] }, false),
  'begins a read': (oracle) => oracle.onReadBegun('a'),
  'sends a message': (oracle) =>
    oracle.onSend('a', 'b', { type: 'heartbeatReply', group: 0, term: 2, round: 1 }, { role: 'follower', currentTerm: 2 }),
  'tells of a transition': (oracle) => oracle.onTransition('a', { role: 'follower', term: 3, leaderId: null }),
  'calls onFollower': (oracle) => oracle.onFollower('a'),
  'applies what came late': (oracle) => oracle.onTurn('a', asStatus({ lastApplied: 2 }), null),
}

describe('a node that has stopped', () => {
  it.each(Object.entries(acts))('%s: that is found, but not in the next life of its member, nor at another', (_name, act) => {
    expect(found(stops, act)).toBe('stopped means stopped')
    expect(found(act)).toBeUndefined()
    expect(found(stops, ends, act)).toBeUndefined()
    expect(found((oracle) => oracle.onStopped('b', asStatus(), accounts, 0), act)).toBeUndefined()
  })

  it('may take turns in which nothing changes, and leaves no timer', () => {
    expect(found(stops, (oracle) => oracle.onTurn('a', asStatus(), null))).toBeUndefined()
    expect(found((oracle) => oracle.onStopped('a', asStatus(), accounts, 1))).toBe('stopped means stopped')
  })
})

describe('the signal of a leadership', () => {
  const lead = (signal: AbortSignal) => (oracle: Required<Oracle>) => oracle.onLeader('a', { term: 2, signal }, speaker)
  const tells: ((oracle: Required<Oracle>) => void)[] = [
    (oracle) => oracle.onTransition('a', { role: 'follower', term: 3, leaderId: null }),
    (oracle) => oracle.onFollower('a'),
    (oracle) => oracle.onAnswered('a', 'command', 1, Object.assign(new Error('lost'), { name: 'OutcomeUnknownError' })),
    (oracle) => oracle.onTurn('a', asStatus(), null),
    stops,
  ]

  it('has aborted before anything else is told of its end', () => {
    for (const tell of tells) {
      expect(found(lead(new AbortController().signal), tell)).toBe('the signal aborts first')
      const controller = new AbortController()
      expect(found(lead(controller.signal), () => controller.abort(), tell)).toBeUndefined()
    }
  })

  it('lasts while the member leads that term, and is given to a leader only', () => {
    const leads = (oracle: Required<Oracle>) => oracle.onTurn('a', asStatus({ role: 'leader' }), null)
    expect(found(lead(new AbortController().signal), leads)).toBeUndefined()
    expect(found((oracle) => oracle.onLeader('a', { term: 1, signal: new AbortController().signal }, speaker))).toBe('leads when told so')
  })
})
