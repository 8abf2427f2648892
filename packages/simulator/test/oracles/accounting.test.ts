import { type AppendEntries, EntryBatch, EntryKind, type InflightAccount, type NodeAccounts, type NodeStatus } from '@raft/core'
import { describe, expect, it } from 'vitest'
import { Facts } from '../../src/facts/facts.js'
import { World } from '../../src/index.js'
import { accounting } from '../../src/oracles/accounting.js'
import type { Oracle } from '../../src/oracles/oracle.js'

const limits = { electionTimeout: 100, maxPending: 9, maxWindowBytes: 9, maxInflightBytes: 1000, maxInflightMessages: 9 }
const ZERO = { kept: 0, counted: 0 }
const books: NodeAccounts = {
  proposals: ZERO,
  proposalBytes: ZERO,
  reads: ZERO,
  readTickets: ZERO,
  windowBytes: ZERO,
  inflight: [],
  now: 0,
}
const entries = EntryBatch.of(1, 2, EntryKind.Command, [new Uint8Array(5), new Uint8Array(7)])
const append = (from: number, to: number): AppendEntries => ({
  type: 'appendEntries',
  group: 0,
  term: 2,
  prevLogIndex: from - 1,
  prevLogTerm: 2,
  leaderCommit: 0,
  entries: entries.slice(from, to),
})
const bytes = entries.byteLength

interface Seen {
  readonly mode?: 'probe' | 'replicate'
  readonly matchIndex?: number
  readonly nextIndex?: number
  readonly account?: Partial<InflightAccount>
  readonly changed?: Partial<NodeAccounts>
  readonly waits?: Partial<NodeStatus>
}

/** The violation that is found when a, which leads term 2 with two entries, has sent this to b and takes these turns. */
function found(sent: readonly AppendEntries[], turns: readonly Seen[], between: (oracle: Required<Oracle>) => void = () => {}) {
  const world = new World(1)
  const oracle = accounting(new Facts(world, { members: ['a', 'b'], baseIndex: 0, baseTerm: 0, ...limits })) as Required<Oracle>
  for (const message of sent) oracle.onSend('a', 'b', message, { role: 'leader', currentTerm: 2 })
  for (const { mode = 'replicate', matchIndex = 0, nextIndex = 3, account = {}, changed = {}, waits = {} } of turns) {
    const followers = [{ id: 'b', mode, matchIndex, nextIndex, lag: 0, heardAgo: null }]
    const none = { pendingProposals: 0, pendingProposalBytes: 0, pendingReads: 0 }
    const status = { role: 'leader', currentTerm: 2, lastLogIndex: 2, followers, ...none, ...waits } as unknown as NodeStatus
    const inflight = [{ id: 'b', messages: 0, bytes: 0, resendAt: Number.POSITIVE_INFINITY, isFetching: false, ...account }]
    oracle.onAccounts('a', { ...books, inflight, ...changed }, status)
    between(oracle)
  }
  return world.violation?.oracle
}

const WRONG = 'accounts are right'

describe('what is on its way to a follower', () => {
  const both = { messages: 2, bytes, resendAt: 50 }

  it('is what was sent and is not acknowledged, message by message', () => {
    const sent = [append(1, 1), append(2, 2)]
    const second = (append(2, 2).entries as EntryBatch).byteLength
    expect(found(sent, [{ account: both }])).toBeUndefined()
    expect(found(sent, [{ account: { ...both, bytes: bytes + 1 } }])).toBe(WRONG)
    expect(found(sent, [{ account: { ...both, messages: 1 } }])).toBe(WRONG)
    expect(found(sent, [{ matchIndex: 1, account: { messages: 1, bytes: second, resendAt: 50 } }])).toBeUndefined()
    expect(found(sent, [{ matchIndex: 1, account: both }])).toBe(WRONG)
    expect(found(sent, [{ matchIndex: 2 }])).toBeUndefined()
    expect(found(sent, [{ matchIndex: 2, account: { resendAt: 50 } }])).toBe(WRONG)
  })

  it('is one message where it is not known where the logs agree', () => {
    const sent = [append(1, 2), append(1, 2)]
    expect(found(sent, [{ mode: 'probe', account: { ...both, messages: 1 } }])).toBeUndefined()
    expect(found(sent, [{ mode: 'probe', account: both }])).toBe(WRONG)
  })

  it('is all that there is to send while there is room', () => {
    const first = (append(1, 1).entries as EntryBatch).byteLength
    const one = { messages: 1, bytes: first, resendAt: 50 }
    expect(found([append(1, 1)], [{ nextIndex: 2, account: one }])).toBe(WRONG)
    expect(found([append(1, 1)], [{ nextIndex: 2, account: { ...one, isFetching: true } }])).toBeUndefined()
  })

  it('counts as lost at a time that only an answer puts off', () => {
    const sent = [append(1, 1), append(2, 2)]
    const turns = [{ account: both }, { account: { ...both, resendAt: 60 } }]
    const answer = { type: 'heartbeatReply', group: 0, term: 2, round: 1 } as const
    expect(found(sent, turns)).toBe(WRONG)
    expect(found(sent, turns, (oracle) => oracle.onDeliver('a', 'b', answer))).toBeUndefined()
    expect(found(sent, [turns[0] as Seen, { ...turns[1], changed: { now: 50 } }])).toBeUndefined()
  })
})

describe('what waits at a node', () => {
  const quiet = { matchIndex: 2 }

  it('is what is counted', () => {
    for (const name of ['proposals', 'proposalBytes', 'reads', 'readTickets', 'windowBytes'] as const)
      expect(found([], [{ ...quiet, changed: { [name]: { kept: 1, counted: 2 } } }]), name).toBe(WRONG)
  })

  it('was asked of it and is not answered', () => {
    const world = new World(1)
    const oracle = accounting(new Facts(world, { members: ['a'], baseIndex: 0, baseTerm: 0, ...limits })) as Required<Oracle>
    const look = (pendingProposals: number) =>
      oracle.onAccounts('a', books, { pendingProposals, pendingProposalBytes: 0, pendingReads: 0 } as NodeStatus)
    oracle.onAsked('a', 'command', 5)
    look(1)
    expect(world.violation).toBeNull()
    oracle.onAnswered('a', 'command', 5, null)
    look(1)
    expect(world.violation?.oracle).toBe(WRONG)
  })

  it('is nothing once it has stopped', () => {
    const status = {} as NodeStatus
    const stop = (kept: number) => (oracle: Required<Oracle>) =>
      oracle.onStopped('a', status, { ...books, reads: { kept, counted: kept } }, 0)
    expect(found([], [quiet], stop(0))).toBeUndefined()
    expect(found([], [quiet], stop(1))).toBe(WRONG)
  })
})
