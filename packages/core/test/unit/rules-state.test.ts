import { describe, expect, it } from 'vitest'
import { completeTuning } from '../../src/index.js'
import { initialMembership, State } from '../../src/state-index.js'
import { Disk, entriesOfTerms } from '../support/disk.js'
import { append, heartbeat, preVoteReply, requestVote, vote } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

describe('a member', () => {
  it('takes no message that claims to be its own', () => {
    const c = scenario()
    const before = c.state('a').fingerprint()
    for (const message of [requestVote(9, 9, 9), append({ term: 9, terms: [9] }), heartbeat(9), vote(0)]) c.receive('a', 'a', message)
    expect([c.state('a').fingerprint(), c.trace]).toEqual([before, []])
  })

  it('writes its vote once, and answers at once when it is asked again', () => {
    const c = scenario()
    c.receive('a', 'b', requestVote(1))
    c.completeWrite('a')
    c.trace = []
    c.receive('a', 'b', requestVote(1))
    expect(c.sent('requestVoteReply', 'a', 'b')).toEqual([vote(1)])
    expect(c.member('a').inFlight).toBeNull()
  })

  it('gives its vote also while it asks for pre-votes itself', () => {
    const c = scenario({ term: 3 })
    c.rule = () => 'drop'
    c.tick('a')
    expect(c.state('a').role).toBe('preCandidate')
    c.receive('a', 'b', requestVote(3, 1, 3))
    c.completeWrite('a')
    expect([c.state('a').votedFor, c.sent('requestVoteReply', 'a', 'b')]).toEqual(['b', [vote(3)]])
  })

  it('tells of each change of role, term and leader once, and not of each heartbeat', () => {
    const c = scenario()
    c.elect('a')
    c.run(5 * c.tuning.heartbeatInterval)
    const transitions = c.member('b').transitions.map(({ role, term, leaderId }) => `${role}@${term}:${leaderId}`)
    expect(transitions).toEqual(['follower@1:null', 'follower@1:a'])
  })

  it('forgets the leader of an older term with the first word of a newer one', () => {
    const c = scenario()
    c.elect('a')
    c.pass(c.tuning.electionTimeout)
    c.receive('b', 'c', requestVote(2, 9, 9))
    expect([c.state('b').leaderId, c.state('b').currentTerm, c.state('b').votedFor]).toEqual([null, 2, 'c'])
  })

  it('hears its leader until the shortest election timeout has gone by, and a leader itself always', () => {
    const c = scenario()
    expect(c.state('b').hearsLeader).toBe(false)
    c.elect('a')
    c.tick('a')
    c.settle()
    const at = (id: string, ms: number) => {
      const state = c.state(id).fork()
      state.propose([], c.now + ms)
      return state.hearsLeader
    }
    expect([at('b', c.tuning.electionTimeout - 1), at('b', c.tuning.electionTimeout), at('a', 10 * c.tuning.electionTimeout)]).toEqual([
      true,
      false,
      true,
    ])
  })

  it('draws an election timeout of once to twice the option', () => {
    const membership = initialMembership([{ id: 'a', addresses: {} }], 'a')
    const tuning = completeTuning({ electionTimeout: 300 })
    const draw = (random: number) =>
      new State({ id: 'a', group: 0, membership, tuning, random: () => random }, new Disk().stored(), 0, 0).drawElectionTimeout()
    expect([draw(0), draw(0.5), draw(0.999)]).toEqual([300, 450, 300 * 1.999])
  })
})

describe('after a start', () => {
  const members = ['a', 'b', 'c'].map((id) => ({ id, addresses: {} }))
  const tuning = completeTuning({ heartbeatInterval: 60 })
  const make = (id: string, term: number) => {
    const disk = new Disk()
    disk.write({ hardState: { currentTerm: term, votedFor: null }, entries: [] })
    const options = { id, group: 0, membership: initialMembership(members, id), tuning, random: () => 0 }
    return new State(options, disk.stored(), 0, 1000)
  }

  it('a member waits for a heartbeat interval, and then for its turn of the next term', () => {
    expect(['a', 'b', 'c'].map((id) => make(id, 2).nextDeadline - 1060)).toEqual([0, 20, 40])
    expect(['a', 'b', 'c'].map((id) => make(id, 0).nextDeadline - 1060)).toEqual([40, 0, 20])
  })

  it('a member that was refused asks again after the others had their turns, and after an election timeout no more', () => {
    const state = make('a', 2)
    expect(state.drawNextTurn()).toBe(1000 + 60)
    state.step({ type: 'unreachable', peer: 'b' }, 1559)
    expect(state.drawNextTurn()).toBe(1559 + 60)
    state.step({ type: 'unreachable', peer: 'b' }, 1560)
    expect(state.drawNextTurn()).toBeNull()
  })
})

describe('when the leader is lost', () => {
  it('a member stands when it is its turn in the next term, in which the leader has none', () => {
    const c = scenario()
    c.elect('a')
    c.pass(2 * c.tuning.heartbeatInterval)
    const [b, d] = ['b', 'c'].map((id) => {
      c.step(id, { type: 'unreachable', peer: 'a' })
      return c.state(id).nextDeadline - c.now
    }) as [number, number]
    // The order of term 2 is c, a, b. Half of each turn stays free.
    const turn = c.tuning.heartbeatInterval / 2
    expect([d >= 0 && d <= turn / 2, b >= turn && b <= turn * 1.5]).toEqual([true, true])
  })
})

describe('who comes first', () => {
  it('is told by the log, and where logs are the same by the turn', () => {
    const c = scenario({ logs: { b: [1, 2] }, term: 2 })
    const { log } = c.state('b')
    expect([log.lastIndex, log.lastTerm]).toEqual([2, 2])
    const precedes = (rival: string, lastLogIndex: number, lastLogTerm: number, term = 3) =>
      c.state('b').precedes(rival, { ...requestVote(term, lastLogIndex, lastLogTerm), type: 'preVote' })
    expect([precedes('c', 3, 2), precedes('c', 2, 3), precedes('c', 1, 3)]).toEqual([true, true, true])
    expect([precedes('a', 1, 2), precedes('a', 2, 1), precedes('a', 9, 1)]).toEqual([false, false, false])
    // In term 3 the turns are a, b, c; in term 4 b, c, a.
    expect([precedes('a', 2, 2), precedes('c', 2, 2), precedes('a', 2, 2, 4)]).toEqual([true, false, false])
  })
})

describe('what is read back from storage for the state machine', () => {
  it('is applied only where the log still has it', () => {
    const c = scenario({ logs: { a: [1, 1] } })
    c.receive('a', 'b', append({ term: 1, prev: [2, 1], commit: 2 }))
    expect(c.member('a').reads).toMatchObject([{ requester: 'a', from: 1, to: 2 }])
    c.step('a', { type: 'fetched', requester: 'a', entries: entriesOfTerms(1, [1, 2]) })
    expect(c.member('a').applying).toBeNull()
    expect(c.member('a').reads).toHaveLength(2)
    c.step('a', { type: 'fetched', requester: 'a', entries: entriesOfTerms(1, [1, 1]) })
    expect(c.member('a').applying?.lastIndex).toBe(2)
  })

  it('is committed and durable, and no more', () => {
    const c = scenario()
    c.hang('a')
    c.receive('a', 'b', append({ term: 1, terms: [1, 1, 1], commit: 2 }))
    expect([c.state('a').commitIndex, c.member('a').applying]).toEqual([2, null])
    c.completeWrite('a')
    expect(c.member('a').applying?.lastIndex).toBe(2)
  })
})

describe('a pre-candidate that learns of a newer term', () => {
  it('asks again when it is its turn there, and keeps its time where no election is under way', () => {
    const c = scenario()
    c.elect('a')
    c.partition(['b'])
    while (c.state('b').role === 'follower') c.tick('b')
    const before = c.state('b').nextDeadline
    c.receive('b', 'c', preVoteReply(5, false))
    expect([c.state('b').role, c.state('b').currentTerm, c.state('b').nextDeadline]).toEqual(['follower', 5, before])
  })
})
