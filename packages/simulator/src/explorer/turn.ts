import { AssertionError, type EntryBatch, type MemberId, type Message } from '@raft/core'
import type { Effects, NumberedWrite, Outgoing, State } from '@raft/core/state'
import { checkSaid } from './checks.js'
import { type Disk, entryName, Member, type WaitingRead, written } from './member.js'
import type { Faults, Scope } from './scope.js'
import type { History, Packet } from './situation.js'
import { Broken, demand } from './violation.js'

/** Carries out what a State says, until it says no more: the part of Node, for one event. */
export class Turn {
  readonly #member: Member
  readonly #state: State
  readonly #isInstant: boolean
  readonly #lies: boolean
  #disk: Disk
  #truth: Disk
  #write: NumberedWrite | null
  #held: readonly Outgoing[]
  #reads: readonly WaitingRead[]
  #history: History
  readonly #sent: Packet[] = []

  /** @param state in place of the member's own, which stays as it is: a fork of it, or a new one */
  constructor(member: Member, state: State, history: History, { writes }: Scope, { losesWrites = false }: Faults) {
    this.#member = member
    this.#state = state
    this.#history = history
    this.#isInstant = writes === 'instant'
    this.#lies = losesWrites
    this.#disk = member.disk
    this.#truth = member.truth
    this.#write = member.write
    this.#held = member.held
    this.#reads = member.reads
  }

  /** @throws Broken when an oracle is, or State asserts something in vain */
  run(event: (state: State) => void): void {
    try {
      event(this.#state)
      while (this.#carryOut(this.#state.takeEffects()));
    } catch (error) {
      if (error instanceof AssertionError) throw new Broken(error.message, { oracle: 'no assertion fails', cause: error })
      throw error
    }
  }

  /** The write under way is done. */
  complete(): void {
    const write = this.#write
    if (write === null) return
    this.#write = null
    const disk = written(this.#disk, write)
    const { currentTerm, votedFor } = this.#disk.hardState
    const next = disk.hardState
    demand(next.currentTerm >= currentTerm, 'terms never fall', () => `${this.#member.id} writes ${next.currentTerm} over ${currentTerm}`)
    demand(
      next.currentTerm > currentTerm || votedFor === null || next.votedFor === votedFor,
      'one vote a term',
      () => `${this.#member.id} voted for ${votedFor} in ${currentTerm}, and then for ${next.votedFor}`,
    )
    this.#truth = this.#lies ? this.#disk : disk
    this.#disk = disk
    this.run((state) => state.step({ type: 'written', number: write.number }, state.now))
    const held = this.#held
    this.#held = []
    for (const outgoing of held) this.#post(outgoing)
  }

  /** Asks for a read, where the member leads. */
  read(): void {
    this.run((state) => {
      const ticket = state.read(state.now)
      if (ticket !== null) this.#reads = [...this.#reads, { ticket, floor: this.#history.committed.length }]
    })
  }

  /** What has become of the member, what it has sent, and what is known now. */
  end(): { readonly member: Member; readonly sent: readonly Packet[]; readonly history: History } {
    const { id } = this.#member
    const member = new Member({
      id,
      state: this.#state,
      disk: this.#disk,
      truth: this.#truth,
      write: this.#write,
      held: this.#held,
      reads: this.#reads,
    })
    this.#note(member)
    return { member, sent: this.#sent, history: this.#history }
  }

  /** @returns whether anything was done that may have led to more */
  #carryOut({ transitions, write, messages, fetches, confirmedReads, apply }: Effects): boolean {
    if (transitions.some(({ role }) => role !== 'leader')) this.#reads = []
    for (const outgoing of messages) this.#post(outgoing)
    for (const { ticket, index } of confirmedReads) this.#answer(ticket, index)
    for (const { requester, from } of fetches) {
      const entries = this.#disk.entries[from - 1]
      if (entries !== undefined) this.#state.step({ type: 'fetched', requester, entries }, this.#state.now)
    }
    if (apply !== null) this.#apply(apply)
    if (write !== null) {
      this.#write = write
      if (this.#isInstant) this.complete()
    }
    return fetches.length > 0 || apply !== null || write !== null
  }

  #post(outgoing: Outgoing): void {
    const { to, message, after } = outgoing
    if (after > this.#state.durability.completed) this.#held = [...this.#held, outgoing]
    else this.#send(to, message)
  }

  #send(to: MemberId, message: Message): void {
    checkSaid(this.#member.id, to, message, this.#disk)
    this.#sent.push({ from: this.#member.id, to, message })
  }

  #answer(ticket: number, index: number): void {
    for (const read of this.#reads) {
      if (read.ticket <= ticket)
        demand(
          index >= read.floor,
          'linearizable reads',
          () => `${this.#member.id} reads at ${index}, where ${read.floor} was committed before`,
        )
    }
    this.#reads = this.#reads.filter((read) => read.ticket > ticket)
  }

  #apply(entries: EntryBatch): void {
    const applied = [...this.#history.applied]
    for (let index = entries.firstIndex; index <= entries.lastIndex; index++) {
      const entry = entryName(entries.slice(index, index))
      demand(
        (applied[index - 1] ?? entry) === entry,
        'state machine safety',
        () => `${this.#member.id} applies ${entry} at ${index}, where ${applied[index - 1]} was applied`,
      )
      demand(
        entryName(this.#disk.entries[index - 1] ?? entries.slice(index, index)) === entry && this.#disk.entries.length >= index,
        'applied when durable',
        () => `${this.#member.id} applies ${index}, and has ${this.#disk.entries.length} entries on disk`,
      )
      applied[index - 1] = entry
    }
    this.#history = { ...this.#history, applied }
    this.#state.step({ type: 'applied', index: entries.lastIndex }, this.#state.now)
  }

  #note({ id, state }: Member): void {
    const { currentTerm, commitIndex, log } = state
    if (state.role === 'leader' && this.#history.leaders[currentTerm] !== id) {
      const other = this.#history.leaders[currentTerm]
      demand(other === undefined, 'election safety', () => `${id} leads term ${currentTerm}, as ${other} did`)
      const leaders = Array.from(
        { length: Math.max(this.#history.leaders.length, currentTerm + 1) },
        (_, term) => this.#history.leaders[term],
      )
      leaders[currentTerm] = id
      this.#history = { ...this.#history, leaders }
    }
    if (commitIndex <= this.#history.committed.length) return
    const committed = [...this.#history.committed]
    while (committed.length < commitIndex) committed.push({ term: log.term(committed.length + 1), by: currentTerm })
    this.#history = { ...this.#history, committed }
  }
}
