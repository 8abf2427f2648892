import type { Message } from '../../src/index.js'
import type { Member } from './member.js'

interface Shown {
  readonly incarnation: number
  readonly term: number
  readonly commitIndex: number
  readonly lastApplied: number
}

/** The safety properties of Figure 3 and the promises of durability, checked after every step of every member. */
export class Oracle {
  readonly violations: string[] = []
  readonly #leaders = new Map<number, string>()
  readonly #leaderLogs = new Map<string, readonly string[]>()
  readonly #committed = new Map<number, { key: string; term: number }>()
  readonly #applied = new Map<number, string>()
  readonly #shown = new Map<string, Shown>()
  readonly #matched = new Map<string, number>()

  check(member: Member, all: readonly Member[]): void {
    this.#monotonic(member)
    this.#committedIsFinal(member)
    if (member.state.role === 'leader') this.#leader(member)
    for (const other of all) if (other !== member) this.#logsMatch(member, other)
  }

  /** A message leaves: what it says must be on its sender's disk. */
  leaves(member: Member, to: Member | undefined, message: Message): void {
    const { disk, id } = member
    const { hardState } = disk
    const promise = message.type === 'preVote' || (message.type === 'preVoteReply' && message.voteGranted)
    if (!promise && hardState.currentTerm < message.term) this.#violated(`${id} spoke of term ${message.term} before it was durable`)
    const isCurrent = hardState.currentTerm === message.term
    if (message.type === 'requestVote' && isCurrent) {
      if (hardState.votedFor !== id) this.#violated(`${id} asked for votes before its own was durable`)
      if (disk.term(message.lastLogIndex) !== message.lastLogTerm)
        this.#violated(`${id} claimed entry ${message.lastLogIndex} before it was durable`)
    }
    if (message.type === 'preVote' && hardState.currentTerm === message.term - 1 && disk.term(message.lastLogIndex) !== message.lastLogTerm)
      this.#violated(`${id} claimed entry ${message.lastLogIndex} before it was durable`)
    if (message.type === 'requestVoteReply' && message.voteGranted && isCurrent && hardState.votedFor !== to?.id)
      this.#violated(`${id} granted a vote to ${to?.id} before it was durable`)
    if (message.type === 'appendEntriesReply' && message.success && isCurrent) this.#acknowledged(member, to, message.matchIndex)
  }

  applied(index: number, key: string): void {
    const before = this.#applied.get(index)
    if (before !== undefined && before !== key) this.#violated(`State Machine Safety: ${before} and ${key} applied at ${index}`)
    this.#applied.set(index, key)
  }

  #acknowledged(member: Member, leader: Member | undefined, matchIndex: number): void {
    if (member.disk.lastIndex < matchIndex) this.#violated(`${member.id} acknowledged ${matchIndex} before it was durable`)
    else if (leader?.state.role === 'leader' && leader.state.currentTerm === member.disk.hardState.currentTerm) {
      if (leader.state.log.term(matchIndex) !== member.disk.term(matchIndex))
        this.#violated(`${member.id} acknowledged ${matchIndex}, where its disk has another entry than the leader`)
    }
  }

  #monotonic(member: Member): void {
    const { id, state, incarnation } = member
    const now = { incarnation, term: state.currentTerm, commitIndex: state.commitIndex, lastApplied: state.lastApplied }
    const before = this.#shown.get(id)
    this.#shown.set(id, now)
    if (before === undefined || before.incarnation !== incarnation) return
    for (const key of ['term', 'commitIndex', 'lastApplied'] as const) {
      if (now[key] < before[key]) this.#violated(`${key} of ${id} fell from ${before[key]} to ${now[key]}`)
    }
    if (state.lastApplied > state.commitIndex)
      this.#violated(`${id} applied ${state.lastApplied}, but only ${state.commitIndex} is committed`)
  }

  #committedIsFinal(member: Member): void {
    const { state } = member
    for (let index = member.checkedCommit + 1; index <= state.commitIndex; index++) {
      const key = member.key(index)
      const before = this.#committed.get(index)
      if (before === undefined) this.#committed.set(index, { key, term: state.currentTerm })
      else if (before.key !== key) this.#violated(`State Machine Safety: ${before.key} and ${key} committed at ${index}`)
      member.checkedCommit = index
    }
  }

  #leader(member: Member): void {
    const { state, id } = member
    const term = state.currentTerm
    const other = this.#leaders.get(term)
    if (other !== undefined && other !== id) this.#violated(`Election Safety: ${other} and ${id} lead term ${term}`)
    this.#leaders.set(term, id)
    const keys = member.keys()
    const before = this.#leaderLogs.get(`${id}/${term}`) ?? []
    before.forEach((key, i) => {
      if (keys[i] !== key) this.#violated(`Leader Append-Only: ${id} had ${key} and now has ${keys[i]}`)
    })
    this.#leaderLogs.set(`${id}/${term}`, keys)
    for (const [index, committed] of this.#committed) {
      if (committed.term < term && index > state.log.baseIndex && keys[index - state.log.baseIndex - 1] !== committed.key)
        this.#violated(`Leader Completeness: ${id} leads term ${term} without ${committed.key} at ${index}`)
    }
    for (const [peer, { matchIndex, nextIndex }] of state.progress ?? []) {
      const name = `${id}/${member.incarnation}/${term}/${peer}`
      if (matchIndex < (this.#matched.get(name) ?? 0)) this.#violated(`matchIndex of ${peer} fell to ${matchIndex}`)
      if (nextIndex <= matchIndex) this.#violated(`nextIndex ${nextIndex} of ${peer} is not behind its matchIndex ${matchIndex}`)
      this.#matched.set(name, matchIndex)
    }
  }

  #logsMatch(a: Member, b: Member): void {
    const one = a.keys()
    const other = b.keys()
    if (a.disk.baseIndex !== b.disk.baseIndex) return
    const termOf = (key: string | undefined) => key?.slice(0, key.indexOf('/'))
    let last = Math.min(one.length, other.length) - 1
    while (last >= 0 && termOf(one[last]) !== termOf(other[last])) last -= 1
    for (let i = 0; i <= last; i++) {
      if (one[i] !== other[i]) this.#violated(`Log Matching: ${a.id} has ${one[i]} and ${b.id} has ${other[i]} before index ${last + 1}`)
    }
  }

  #violated(what: string): void {
    this.violations.push(what)
  }
}
