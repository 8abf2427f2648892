import type { EntryBatch, LogWrite, Message, NodeStatus } from '../../src/index.js'
import type { Disk } from './disk.js'
import { ElectionOracles } from './elections.js'
import { History } from './history.js'
import { forEachTerm, LogMatching } from './log-matching.js'
import { decodeEntry } from './machine.js'
import type { World } from './world.js'

interface Applied {
  readonly content: number
  readonly term: number
}

/** What a member has shown of itself, in this incarnation and in all. */
interface Seen {
  shownTerm: number
  status: NodeStatus | null
}

/**
 * The properties of Figure 3 and of CORRECTNESS.md, watched from outside: at the disks, on the network, in the state
 * machines and in `status()`. Nothing here looks into State.
 */
export class Oracles {
  readonly history: History
  readonly elections: ElectionOracles
  /** With false, only what users can notice is watched. */
  readonly fine: boolean
  readonly #world: World
  readonly #disks: ReadonlyMap<string, Disk>
  readonly #baseIndex: number
  readonly #leaders = new Map<number, string>()
  readonly #logs: LogMatching
  /** By leader's term: the terms of what it has sent, by index. */
  readonly #sentTerms = new Map<number, Map<number, number>>()
  readonly #applied: Applied[] = []
  #newestTerm = 0
  readonly #seen = new Map<string, Seen>()

  constructor(world: World, disks: ReadonlyMap<string, Disk>, baseIndex: number, electionTimeout: number, fine: boolean) {
    this.#world = world
    this.#disks = disks
    this.#baseIndex = baseIndex
    this.fine = fine
    this.history = new History(world)
    this.#logs = new LogMatching(world, baseIndex)
    this.elections = new ElectionOracles(world, disks, electionTimeout)
    for (const id of disks.keys()) this.#seen.set(id, { shownTerm: 0, status: null })
  }

  get appliedIndex(): number {
    return this.#baseIndex + this.#applied.length
  }

  /** The longest log window that is allowed for, besides what is not yet durable. */
  maxWindowBytes = Number.POSITIVE_INFINITY
  maxPending = Number.POSITIVE_INFINITY

  started(id: string, status: NodeStatus): void {
    const seen = this.#of(id)
    if (status.currentTerm < seen.shownTerm)
      this.#broken('terms never fall', `${id} starts in ${status.currentTerm} after ${seen.shownTerm}`)
    seen.status = null
    this.observed(id, status)
  }

  becameLeader(id: string, term: number): void {
    const other = this.#leaders.get(term)
    if (other !== undefined) this.#broken('Election Safety', `${other} and then ${id} became leader of term ${term}`)
    this.#leaders.set(term, id)
    if (this.fine) this.elections.becameLeader(id, term)
    const disk = this.#disk(id)
    const { currentTerm, votedFor } = disk.hardState
    if (this.fine && (currentTerm !== term || votedFor !== id)) {
      this.#broken('leads with a durable vote', `${id} leads term ${term}; its disk knows a vote for ${votedFor} in ${currentTerm}`)
    }
    const last = this.#applied.at(-1)
    // A member that was slow may take up an older term's leadership after the fact; it owes only what was committed before.
    this.#newestTerm = Math.max(this.#newestTerm, term)
    if (term === this.#newestTerm && last !== undefined && disk.termAt(this.appliedIndex) !== last.term) {
      this.#broken(
        'Leader Completeness',
        `${id} leads term ${term} with term ${disk.termAt(this.appliedIndex)} at ${this.appliedIndex}, committed in term ${last.term}`,
      )
    }
  }

  observed(id: string, status: NodeStatus): void {
    const seen = this.#of(id)
    const before = seen.status
    seen.status = status
    const { commitIndex, lastApplied, durableIndex, lastLogIndex } = status
    if (commitIndex > lastLogIndex) this.#broken('commitIndex', `${id}: ${commitIndex} in a log that ends at ${lastLogIndex}`)
    if (lastApplied > commitIndex) this.#broken('lastApplied', `${id}: ${lastApplied} over ${commitIndex}`)
    if (status.pendingProposals > this.maxPending || status.pendingReads > this.maxPending) {
      this.#broken('bounded memory', `${id}: ${status.pendingProposals} proposals and ${status.pendingReads} reads wait`)
    }
    if (durableIndex === lastLogIndex && status.logWindowBytes > this.maxWindowBytes) {
      this.#broken('bounded memory', `${id} keeps ${status.logWindowBytes} bytes of durable entries`)
    }
    if (this.fine) this.#checkDurable(id, status)
    if (this.fine && status.role === 'leader') {
      this.elections.leads(id, status)
      this.#checkMatches(id, status)
    }
    if (before !== null) this.#checkChange(id, before, status)
  }

  #checkChange(id: string, before: NodeStatus, status: NodeStatus): void {
    const { currentTerm, commitIndex, lastApplied, lastLogIndex } = status
    if (this.fine && status.role === 'follower' && before.role === 'follower' && commitIndex > before.commitIndex) {
      this.elections.follows(id, commitIndex)
    }
    if (currentTerm < before.currentTerm || commitIndex < before.commitIndex || lastApplied < before.lastApplied) {
      this.#broken(
        'monotonic',
        `${id}: term, commitIndex, lastApplied ${before.currentTerm}, ${before.commitIndex}, ${before.lastApplied} became ${currentTerm}, ${commitIndex}, ${lastApplied}`,
      )
    }
    if (currentTerm === before.currentTerm && before.votedFor !== null && status.votedFor !== before.votedFor) {
      this.#broken('one vote a term', `${id} voted for ${before.votedFor} and then ${status.votedFor} in term ${currentTerm}`)
    }
    if (status.role !== 'leader' || before.role !== 'leader' || currentTerm !== before.currentTerm) return
    if (lastLogIndex < before.lastLogIndex) {
      this.#broken('Leader Append-Only', `${id}: the log of the leader ended at ${before.lastLogIndex}, now at ${lastLogIndex}`)
    }
    const term = commitIndex > before.commitIndex ? this.#disk(id).issuedTermAt(commitIndex) : -1
    if (this.fine && term !== -1 && term !== currentTerm) {
      this.#broken('commits its own term only', `${id} leads term ${currentTerm} and commits ${commitIndex} of term ${term}`)
    }
  }

  writing(id: string, disk: Disk, write: LogWrite, isLeading: boolean): void {
    let termBefore = disk.issuedTermAt((write.entries[0]?.firstIndex ?? 1) - 1)
    for (const batch of write.entries) {
      this.#logs.register(batch, termBefore)
      termBefore = batch.term(batch.lastIndex)
    }
    const first = write.entries[0]
    if (this.fine && isLeading && first !== undefined && first.firstIndex <= disk.issuedLastIndex) {
      this.#broken('Leader Append-Only', `${id} leads and overwrites its log from ${first.firstIndex} on`)
    }
  }

  sending(id: string, to: string, message: Message, status: NodeStatus): void {
    const seen = this.#of(id)
    const promised = message.type === 'preVote' || (message.type === 'preVoteReply' && message.voteGranted)
    if (!promised) seen.shownTerm = Math.max(seen.shownTerm, message.term)
    if (message.type === 'requestVote') this.elections.voted(id, message.term, id)
    if (message.type === 'requestVoteReply' && message.voteGranted) this.elections.voted(id, message.term, to)
    if (message.type === 'appendEntries') {
      this.#logs.register(message.entries, message.prevLogTerm)
      this.#noteSent(message.term, message.prevLogIndex, message.prevLogTerm, message.entries)
    }
    if (this.fine && !promised) this.#checkDurableBeforeSaid(id, to, message, status)
  }

  #checkDurableBeforeSaid(id: string, to: string, message: Message, status: NodeStatus): void {
    const { hardState } = this.#disk(id)
    if (hardState.currentTerm < message.term) {
      this.#broken('durable before said', `${id} shows term ${message.term} in ${message.type}; its disk knows ${hardState.currentTerm}`)
    }
    const voteFor = message.type === 'requestVote' ? id : message.type === 'requestVoteReply' && message.voteGranted ? to : null
    if (voteFor !== null && hardState.currentTerm === message.term && hardState.votedFor !== voteFor) {
      this.#broken('durable before said', `${id} votes for ${voteFor} in ${message.term}; its disk says ${hardState.votedFor}`)
    }
    if (message.term !== status.currentTerm) return
    // A request that was held until its candidate had heard a leader of the same term can win nothing any more.
    if (message.type === 'requestVote' && status.role === 'candidate')
      this.#claims(id, message.lastLogIndex, message.lastLogTerm, 'asks for votes with')
    if (message.type === 'appendEntriesReply' && message.success) {
      const term = this.#sentTerms.get(message.term)?.get(message.matchIndex)
      if (term === undefined)
        this.#broken('acknowledges what was sent', `${id} acknowledges ${message.matchIndex}, never sent in ${message.term}`)
      else this.#claims(id, message.matchIndex, term, 'acknowledges')
    }
  }

  /** The member is about to apply these entries, behind `lastApplied`. */
  applying(id: string, lastApplied: number, entries: EntryBatch): void {
    if (entries.firstIndex !== lastApplied + 1)
      this.#broken('applies in order', `${id} applies ${entries.firstIndex} behind ${lastApplied}`)
    this.#world.trace.note(this.#world.now, `${id} applies`, entries.firstIndex, entries.lastIndex)
    for (let index = entries.firstIndex; index <= entries.lastIndex; index++) {
      const content = decodeEntry(entries, index)
      const term = entries.term(index)
      if (Number.isNaN(content)) this.#broken('entries are whole', `${id} applies a garbled entry at ${index}`)
      if (this.fine && this.#disk(id).termAt(index) !== term) {
        this.#broken('applies what is durable', `${id} applies ${index} of term ${term}; its disk has ${this.#disk(id).termAt(index)}`)
      }
      const known = this.#applied[index - this.#baseIndex - 1]
      if (known === undefined) this.#committed(id, index, content, term)
      else if (known.content !== content || known.term !== term) {
        this.#broken(
          'State Machine Safety',
          `${id} applies ${content} of term ${term} at ${index}, where ${known.content} of ${known.term} was`,
        )
      }
    }
  }

  fatal(id: string, error: Error): void {
    this.#broken('no member fails by itself', `${id}: ${error.message}`)
  }

  #committed(id: string, index: number, content: number, term: number): void {
    if (index !== this.appliedIndex + 1) this.#broken('applies in order', `${id} applies ${index} first, behind ${this.appliedIndex}`)
    this.#applied.push({ content, term })
    if (content >= 0) this.history.applied(content)
    if (!this.fine) return
    const holders = [...this.#disks.values()].filter((disk) => disk.termAt(index) === term).length
    if (holders * 2 <= this.#disks.size)
      this.#broken('committed by a majority', `${id} applies ${index} of term ${term}, on ${holders} disks`)
  }

  #checkDurable(id: string, status: NodeStatus): void {
    const disk = this.#disk(id)
    const isThere = status.durableIndex <= disk.lastIndex
    const isSame = status.durableIndex !== status.lastLogIndex || disk.termAt(status.lastLogIndex) === status.lastLogTerm
    if (!isThere || !isSame) {
      this.#broken('durable means durable', `${id} takes ${status.durableIndex} for durable; its disk ends at ${disk.lastIndex}`)
    }
  }

  /** What a leader counts is on the follower's disk; of an older leader nobody asks it. */
  #checkMatches(id: string, { currentTerm, followers }: NodeStatus): void {
    if (currentTerm < this.#newestTerm) return
    for (const { id: follower, matchIndex } of followers) {
      const own = this.#disk(id).issuedTermAt(matchIndex)
      const stored = this.#disk(follower).termAt(matchIndex)
      if (matchIndex > this.#baseIndex && own !== -1 && stored !== own) {
        this.#broken('matchIndex is true', `${id} counts ${matchIndex} of term ${own} at ${follower}, whose disk has ${stored} there`)
      }
    }
  }

  #claims(id: string, index: number, term: number, how: string): void {
    const stored = this.#disk(id).termAt(index)
    if (stored !== term) this.#broken('durable before said', `${id} ${how} ${index} of term ${term}; its disk has term ${stored} there`)
  }

  #noteSent(leaderTerm: number, prevIndex: number, prevTerm: number, entries: EntryBatch): void {
    const sent = this.#sentTerms.get(leaderTerm) ?? new Map<number, number>()
    this.#sentTerms.set(leaderTerm, sent)
    sent.set(prevIndex, prevTerm)
    forEachTerm(entries, (index, term) => sent.set(index, term))
  }

  #disk(id: string): Disk {
    return this.#disks.get(id) as Disk
  }

  #of(id: string): Seen {
    return this.#seen.get(id) as Seen
  }

  #broken(oracle: string, message: string): void {
    this.#world.violated(oracle, message)
  }
}
