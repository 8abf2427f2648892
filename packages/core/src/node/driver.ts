import type { Effects, Transition } from '../effects.js'
import type { EntryBatch } from '../entry-batch.js'
import { assert, NodeStoppedError, NotLeaderError, OutcomeUnknownError, type RaftError, StorageError } from '../errors.js'
import type { Event } from '../events.js'
import type { State } from '../state.js'
import type { Member } from '../types.js'
import { accountsOf, type NodeAccounts } from './accounts.js'
import type { Limits, NodeOptions } from './options.js'
import { Outbox } from './outbox.js'
import { type ProposalDone, Proposals } from './proposals.js'
import { type ReadDone, Reads } from './reads.js'
import type { Pending } from './status.js'

/** What the driver tells its Node. */
export interface DriverOwner {
  onTransition(transition: Transition): void
  /** A turn is over. */
  onTurn(): void
  onFatal(error: Error): void
}

/**
 * Drives one State with its ports, from start to stop. Everything that happens enters one inbox, which is drained
 * synchronously; State decides; the effects are carried out in a fixed order: tell, write, send, fetch, apply. Once it is
 * stopped, whatever a port still completes vanishes.
 */
export class Driver<Result> {
  readonly #state: State
  readonly #ports: Pick<NodeOptions<Result>, 'storage' | 'stateMachine' | 'transport' | 'clock' | 'onWritten' | 'onApplied'>
  readonly #proposals: Proposals<Result>
  readonly #reads: Reads
  readonly #owner: DriverOwner
  readonly #outbox: Outbox
  #running = true
  #inbox: Event[] = []
  #tickDue = false
  #scheduled = false
  #draining = false
  #cancelTimer: (() => void) | null = null
  /** Takes the timer back that ends a rest between two batches. */
  #cancelRest: () => void = () => {}
  #timerAt = Number.POSITIVE_INFINITY
  /** Entries have been applied a moment ago: those that follow wait until others have had their turn. */
  #hasJustApplied = false
  /** Entries that wait for that. */
  #nextToApply: EntryBatch | null = null

  constructor(state: State, options: NodeOptions<Result>, limits: Limits, owner: DriverOwner) {
    this.#state = state
    this.#ports = options
    this.#proposals = new Proposals(limits, () => options.clock.now(), options.onProposed)
    this.#reads = new Reads(limits.maxPending)
    this.#owner = owner
    this.#outbox = new Outbox((to, message) => {
      if (this.#isRunning()) options.transport.send(to, message)
    })
  }

  /** The leader with its addresses, where it is known. */
  get leader(): Member | null {
    const { leaderId, membership } = this.#state
    return leaderId === null ? null : (membership.members.get(leaderId) ?? null)
  }

  get pending(): Pending {
    return { proposals: this.#proposals.count, proposalBytes: this.#proposals.bytes, reads: this.#reads.count }
  }

  accounts(): NodeAccounts {
    return accountsOf(this.#state, this.#proposals, this.#reads, this.#ports.clock.now())
  }

  /** Once, when the transport delivers to `receive`. */
  start(): void {
    this.#carryOut(this.#state.takeEffects())
    if (this.#isRunning()) this.#armTimer()
  }

  receive(event: Event): void {
    if (!this.#running) return
    this.#inbox.push(event)
    this.#wake()
  }

  /** Takes a command into this turn. Returns why it does not, or null: then `done` is called once, and never from inside. */
  submit(command: Uint8Array, done: ProposalDone<Result>): RaftError | null {
    const refusal = this.#proposals.refusal(command)
    if (refusal !== null) return refusal
    this.#proposals.add(command, done)
    this.#wake()
    return null
  }

  /** As `submit`, of a read. */
  submitRead(done: ReadDone): RaftError | null {
    const refusal = this.#reads.refusal()
    if (refusal !== null) return refusal
    this.#reads.add(done)
    this.#wake()
    return null
  }

  /** Something waits: soon there will be a turn. */
  #wake(): void {
    if (this.#scheduled || this.#draining) return
    this.#scheduled = true
    this.#ports.clock.defer(() => {
      this.#scheduled = false
      this.#drain()
    })
  }

  /** From now on nothing is asked of the ports, and nothing that they complete counts. */
  halt(): void {
    this.#running = false
    this.#inbox = []
    this.#nextToApply = null
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#cancelRest()
  }

  /** After `halt`: proposals and reads that wait end with an error. */
  stop(error: Error | undefined): void {
    const stopped = () => new NodeStoppedError(error)
    this.#proposals.refuseNew(stopped)
    this.#proposals.failAppended(this.#state.lastApplied, () => new OutcomeUnknownError('the node stopped'))
    this.#reads.failAll(stopped)
  }

  #drain(): void {
    if (!this.#running) return
    this.#draining = true
    try {
      do this.#turn()
      while (this.#isRunning() && this.#inbox.length > 0)
    } catch (error) {
      this.#fail(error)
    }
    this.#draining = false
    if (!this.#isRunning()) return
    this.#armTimer()
    if (this.#proposals.hasNew || this.#reads.hasNew) this.#wake()
  }

  /** Everything that has arrived, then what it comes to. */
  #turn(): void {
    const state = this.#state
    const now = this.#ports.clock.now()
    const inbox = this.#inbox
    this.#inbox = []
    for (const event of inbox) {
      if (event.type === 'written') this.#outbox.written(event.number)
      state.step(event, now)
    }
    // After what has arrived: a process that was held up has its leader's heartbeats waiting in the socket.
    if (this.#tickDue) {
      this.#tickDue = false
      state.step({ type: 'tick' }, now)
    }
    // Before proposals and reads are refused because of them.
    this.#noteTransitions(state.takeTransitions())
    if (!this.#isRunning()) return
    if (this.#proposals.hasNew) {
      const firstIndex = state.propose(this.#proposals.newCommands, now)
      if (firstIndex === null) this.#proposals.refuseNew(() => new NotLeaderError(this.leader))
      else this.#proposals.appended(firstIndex)
    }
    if (this.#reads.hasNew) {
      const ticket = state.read(now)
      if (ticket === null) this.#reads.failNew(() => new NotLeaderError(this.leader))
      else this.#reads.ticketed(ticket)
    }
    this.#carryOut(state.takeEffects())
  }

  #carryOut(effects: Effects): void {
    this.#noteTransitions(effects.transitions)
    // A user's callback may have stopped the node.
    if (!this.#isRunning()) return
    const { storage, transport, clock } = this.#ports
    const { members, write } = effects
    if (members !== null) transport.setMembers(this.#state.group, members)
    // Any call of a port may stop the node, too.
    if (write !== null && this.#isRunning()) {
      const startedAt = clock.now()
      storage.write({ hardState: write.hardState, entries: write.entries }, (error) => {
        if (error === null) this.#written(write.number, clock.now() - startedAt)
        else this.#fail(storageFailure('write', error))
      })
    }
    for (const outgoing of effects.messages) this.#outbox.add(outgoing)
    for (const { requester, from, to, maxBytes } of effects.fetches) {
      if (!this.#isRunning()) return
      storage.read(from, to, maxBytes, (error, entries) => {
        if (error === null && entries !== null) this.receive({ type: 'fetched', requester, entries })
        else this.#fail(storageFailure('read', error))
      })
    }
    for (const confirmed of effects.confirmedReads) this.#reads.confirmed(confirmed)
    if (effects.apply !== null && this.#isRunning()) this.#apply(effects.apply)
    if (!this.#isRunning()) return
    this.#reads.applied(this.#state.lastApplied)
    this.#owner.onTurn()
  }

  #written(number: number, took: number): void {
    if (!this.#running) return
    this.#ports.onWritten?.(took)
    this.receive({ type: 'written', number })
  }

  #noteTransitions(transitions: readonly Transition[]): void {
    for (const transition of transitions) this.#noteTransition(transition)
  }

  /** The signal of a leadership that is over aborts before anybody who waits hears of it. */
  #noteTransition(transition: Transition): void {
    this.#owner.onTransition(transition)
    if (transition.role === 'leader') return
    const unknown = () => new OutcomeUnknownError('this member lost the leadership after it had appended it')
    this.#proposals.failAppended(this.#state.lastApplied, unknown)
    this.#reads.failTicketed(() => new NotLeaderError(this.leader))
  }

  #apply(entries: EntryBatch): void {
    if (this.#hasJustApplied) {
      this.#nextToApply = entries
      return
    }
    const startedAt = this.#ports.clock.now()
    const results = this.#ports.stateMachine.apply(entries, this.#proposals.awaitedFrom)
    if (results instanceof Promise) {
      results.then((settled) => this.#applied(entries, settled, startedAt)).catch((error: unknown) => this.#fail(error))
    } else this.#applied(entries, results, startedAt)
  }

  #applied(entries: EntryBatch, results: readonly (Result | undefined)[], startedAt: number): void {
    if (!this.#running) return
    this.#ports.onApplied?.(this.#ports.clock.now() - startedAt)
    if (!this.#isRunning()) return
    const { firstIndex, count } = entries
    // A proposal without a result would never be settled.
    assert(
      results.length >= 1 && results.length <= count,
      () =>
        `the state machine returned ${results.length} results for the ${count} entries from ${firstIndex} on: 1 to ${count} are possible`,
    )
    this.#restFromApplying(results.length < count)
    this.#proposals.applied(firstIndex, results)
    this.receive({ type: 'applied', index: firstIndex + results.length - 1 })
  }

  /**
   * However much is committed, heartbeats are answered between one batch and the next, and results have gone to those who wait
   * for them before there are more.
   *
   * @param wasLong the state machine has stopped early: what is deferred might still run in the same turn of the event loop
   */
  #restFromApplying(wasLong: boolean): void {
    const { clock } = this.#ports
    this.#hasJustApplied = true
    const goOn = () => {
      this.#hasJustApplied = false
      const next = this.#nextToApply
      this.#nextToApply = null
      if (next !== null) this.#applyNext(next)
    }
    // A timer alone does not do: one that is set while timers run may run with them, before anything is received.
    if (wasLong) this.#cancelRest = clock.schedule(clock.now(), () => clock.defer(goOn))
    else clock.defer(goOn)
  }

  #applyNext(entries: EntryBatch): void {
    try {
      this.#apply(entries)
    } catch (error) {
      this.#fail(error)
    }
  }

  #armTimer(): void {
    const deadline = this.#state.nextDeadline
    if (this.#timerAt <= deadline) return
    this.#cancelTimer?.()
    this.#timerAt = deadline
    this.#cancelTimer = this.#ports.clock.schedule(deadline, () => {
      this.#timerAt = Number.POSITIVE_INFINITY
      this.#cancelTimer = null
      this.#tickDue = true
      this.#wake()
    })
  }

  #isRunning(): boolean {
    return this.#running
  }

  #fail(error: unknown): void {
    if (this.#running) this.#owner.onFatal(error instanceof Error ? error : new Error(String(error)))
  }
}

function storageFailure(operation: 'read' | 'write', cause: unknown): StorageError {
  const detail = cause instanceof Error ? cause.message : String(cause)
  return new StorageError(`the log storage failed to ${operation}: ${detail}. Restart the member once the cause is mended`, { cause })
}
