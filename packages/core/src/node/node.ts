import type { Effects, Transition } from '../effects.js'
import type { EntryBatch } from '../entry-batch.js'
import { NodeStoppedError, NotLeaderError, OutcomeUnknownError, type RaftError, StorageError } from '../errors.js'
import type { Event } from '../events.js'
import { initialMembership, type Membership } from '../membership.js'
import { completeTuning } from '../options.js'
import { State } from '../state.js'
import type { GroupId, Member, MemberId, RoleName } from '../types.js'
import { LeadershipTerm } from './leadership-term.js'
import { Listeners } from './listeners.js'
import { completeLimits, type NodeOptions } from './options.js'
import { Outbox } from './outbox.js'
import { type ProposalDone, Proposals } from './proposals.js'
import { type ReadDone, Reads } from './reads.js'
import { type NodeStatus, statusOf } from './status.js'
import { awaitCallback, type WaitOptions, waitUntil } from './waiting.js'

export interface NodeEvents {
  /** The role, term or leader has changed. */
  readonly transition: Transition
  /** A callback or listener of the user's threw, or its promise was rejected. */
  readonly callbackError: { readonly error: unknown }
  /** The node has stopped because it could not go on. */
  readonly fatal: { readonly error: Error }
}

/**
 * One running member: drives a State with its ports. Everything that happens enters one inbox, which is drained
 * synchronously; State decides; the effects are carried out in a fixed order: tell, write, send, apply. Once it has
 * stopped, whatever a port still completes vanishes.
 */
export class Node<Result = unknown> {
  readonly id: MemberId
  readonly group: GroupId
  /** Fulfilled when the node was stopped; rejected when it stopped because it could not go on. */
  readonly stopped: Promise<void>
  readonly #options: NodeOptions<Result>
  readonly #membership: Membership
  readonly #listeners: Listeners<NodeEvents>
  readonly #proposals: Proposals<Result>
  readonly #reads: Reads
  readonly #outbox: Outbox
  readonly #leadership: LeadershipTerm
  #phase: 'new' | 'starting' | 'running' | 'stopped' = 'new'
  #state: State | null = null
  #inbox: Event[] = []
  #scheduled = false
  #draining = false
  #tickDue = false
  #cancelTimer: (() => void) | null = null
  #timerAt = Number.POSITIVE_INFINITY
  #fatalError: Error | undefined
  #closed: Promise<void> = Promise.resolve()
  #settleStopped!: { resolve: () => void; reject: (error: Error) => void }

  /** @throws ConfigurationError */
  constructor(options: NodeOptions<Result>) {
    this.#options = options
    this.id = options.id
    this.group = options.group ?? 0
    this.#membership = initialMembership(options.members, options.id)
    completeTuning(options)
    const limits = completeLimits(options)
    this.#listeners = new Listeners((error) => this.#listeners.emit('callbackError', { error }))
    this.#proposals = new Proposals(limits)
    this.#reads = new Reads(limits.maxPending)
    this.#outbox = new Outbox((to, message) => options.transport.send(to, message))
    this.#leadership = new LeadershipTerm((callback, event) => this.#listeners.call(callback, event), options)
    this.stopped = new Promise((resolve, reject) => {
      this.#settleStopped = { resolve, reject }
    })
    this.stopped.catch(() => {})
  }

  /** Opens the storage and takes part. @throws StorageError and whatever else the storage's `open` throws */
  async start(): Promise<void> {
    if (this.#phase !== 'new') throw new NodeStoppedError(this.#fatalError)
    this.#phase = 'starting'
    const { storage, stateMachine, transport, clock, random } = this.#options
    const stored = await storage.open()
    if (this.#phase !== 'starting') {
      await storage.close()
      throw new NodeStoppedError()
    }
    const options = { id: this.id, group: this.group, membership: this.#membership, tuning: completeTuning(this.#options), random }
    this.#state = new State(options, stored, stateMachine.lastApplied, clock.now())
    this.#phase = 'running'
    transport.attach(this.group, {
      onMessage: (from, message) => this.#receive({ type: 'message', from, message }),
      onUnreachable: (peer) => this.#receive({ type: 'unreachable', peer }),
    })
    transport.setMembers(this.group, this.#options.members)
    this.#leadership.transition({ role: 'follower', term: stored.hardState.currentTerm, leaderId: null })
    this.#armTimer(this.#state)
  }

  /**
   * Leaves the cluster's work at once: waiting proposals and reads are rejected, the storage is closed. The state machine
   * and the transport stay as they are. Safe to call at any time, and twice.
   */
  async stop(): Promise<void> {
    this.#end(undefined)
    await this.#closed
  }

  get role(): RoleName {
    return this.#state?.role ?? 'follower'
  }

  get currentTerm(): number {
    return this.#state?.currentTerm ?? 0
  }

  get leaderId(): MemberId | null {
    return this.#phase === 'running' ? (this.#state?.leaderId ?? null) : null
  }

  /** The leader with its addresses, where it is known. */
  get leader(): Member | null {
    const { leaderId } = this
    return leaderId === null ? null : (this.#membership.members.get(leaderId) ?? null)
  }

  get members(): readonly Member[] {
    return [...this.#membership.members.values()]
  }

  status(): NodeStatus {
    return statusOf(this, this.#state, this.#proposals, this.#reads)
  }

  /** Calls `listener` for every such event, until the function that is returned is called. */
  on<Name extends keyof NodeEvents>(name: Name, listener: (event: NodeEvents[Name]) => void): () => void {
    return this.#listeners.on(name, listener)
  }

  /**
   * Replicates a command; fulfilled with the state machine's result once it is applied here. The bytes are copied.
   *
   * @throws NotLeaderError, OverloadedError, CommandTooLargeError: certainly not appended
   * @throws OutcomeUnknownError: appended, and leadership was lost, the node stopped, or the signal aborted
   * @throws NodeStoppedError: the node does not run; not appended
   */
  propose(command: Uint8Array, options?: WaitOptions): Promise<Result> {
    return awaitCallback<Result>(
      (done) => this.submit(command, done),
      options,
      () => new OutcomeUnknownError('the wait was aborted'),
    )
  }

  /** As `propose`, without a promise: for those who have thousands under way. `done` is called once, never from inside. */
  submit(command: Uint8Array, done: ProposalDone<Result>): void {
    const refusal = this.#phase === 'running' ? this.#proposals.refusal(command) : new NodeStoppedError(this.#fatalError)
    if (refusal !== null) {
      this.#options.clock.defer(() => done(refusal, undefined))
      return
    }
    this.#proposals.add(command, done)
    this.#schedule()
  }

  /**
   * Fulfilled once this member leads beyond doubt and has applied everything that was committed before the call: what the
   * state machine holds then may answer a linearizable read (thesis §6.4). All reads that wait share one round of messages.
   *
   * @throws NotLeaderError, OverloadedError, NodeStoppedError
   * @throws WaitAbortedError when the signal aborts
   */
  readIndex(options?: WaitOptions): Promise<number> {
    return awaitCallback<number>((done) => this.submitRead(done), options)
  }

  /** As `readIndex`, without a promise. */
  submitRead(done: ReadDone): void {
    const refusal = this.#phase === 'running' ? this.#reads.refusal() : new NodeStoppedError(this.#fatalError)
    if (refusal !== null) {
      this.#options.clock.defer(() => done(refusal, 0))
      return
    }
    this.#reads.add(done)
    this.#schedule()
  }

  /** The leader's id as soon as one is known here. @throws WaitAbortedError, NodeStoppedError */
  waitForLeader(options?: WaitOptions): Promise<MemberId> {
    return this.#waitFor('a leader', () => this.leaderId, options)
  }

  /** Until member `id` is the leader, as far as is known here. @throws WaitAbortedError, NodeStoppedError */
  async waitUntilLeader(id: MemberId, options?: WaitOptions): Promise<void> {
    await this.#waitFor(`${id} to lead`, () => (this.leaderId === id ? id : null), options)
  }

  #waitFor<T>(what: string, value: () => T | null, options?: WaitOptions): Promise<T> {
    return waitUntil(
      what,
      value,
      (wake) => this.#listeners.on('transition', wake),
      this.stopped,
      () => this.#phase === 'stopped',
      options,
    )
  }

  #receive(event: Event): void {
    if (this.#phase !== 'running') return
    this.#inbox.push(event)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled || this.#draining) return
    this.#scheduled = true
    this.#options.clock.defer(() => {
      this.#scheduled = false
      this.#drain()
    })
  }

  #drain(): void {
    const state = this.#state
    if (this.#phase !== 'running' || state === null) return
    this.#draining = true
    try {
      do this.#turn(state)
      while (this.#isRunning() && this.#inbox.length > 0)
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)))
    }
    this.#draining = false
    if (!this.#isRunning()) return
    this.#armTimer(state)
    if (this.#proposals.hasNew || this.#reads.hasNew) this.#schedule()
  }

  /** Everything that has arrived, then what it comes to. */
  #turn(state: State): void {
    const now = this.#options.clock.now()
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
    this.#carryOut(state, state.takeEffects())
  }

  #carryOut(state: State, effects: Effects): void {
    for (const transition of effects.transitions) this.#noteTransition(state, transition)
    if (!this.#isRunning()) return
    const { storage } = this.#options
    const { write } = effects
    if (write !== null) {
      storage.write({ hardState: write.hardState, entries: write.entries }, (error) => {
        if (error === null) this.#receive({ type: 'written', number: write.number })
        else this.#end(storageFailure('write', error))
      })
    }
    for (const outgoing of effects.messages) this.#outbox.add(outgoing)
    for (const { reader, from, to, maxBytes } of effects.entryReads) {
      storage.read(from, to, maxBytes, (error, entries) => {
        if (error === null && entries !== null) this.#receive({ type: 'entriesRead', reader, entries })
        else this.#end(storageFailure('read', error))
      })
    }
    for (const confirmed of effects.confirmedReads) this.#reads.confirmed(confirmed)
    if (effects.apply !== null) this.#apply(effects.apply)
    this.#reads.applied(state.lastApplied)
    this.#leadership.applied(state.lastApplied, state.termStartIndex)
  }

  #noteTransition(state: State, transition: Transition): void {
    if (transition.role !== 'leader') {
      this.#proposals.failAppended(
        state.lastApplied,
        () => new OutcomeUnknownError('this member lost the leadership after it had appended it'),
      )
      this.#reads.failTicketed(() => new NotLeaderError(this.leader))
    }
    this.#leadership.transition(transition)
    this.#listeners.emit('transition', transition)
  }

  #apply(entries: EntryBatch): void {
    const results = this.#options.stateMachine.apply(entries)
    if (results instanceof Promise) {
      results.then(
        (settled) => this.#applied(entries, settled),
        (error: unknown) => this.#end(error instanceof Error ? error : new Error(String(error))),
      )
    } else this.#applied(entries, results)
  }

  #applied(entries: EntryBatch, results: readonly (Result | undefined)[]): void {
    if (!this.#isRunning()) return
    this.#proposals.applied(entries.firstIndex, results)
    this.#receive({ type: 'applied', index: entries.lastIndex })
  }

  #armTimer(state: State): void {
    const deadline = state.nextDeadline
    if (this.#timerAt <= deadline) return
    this.#cancelTimer?.()
    this.#timerAt = deadline
    this.#cancelTimer = this.#options.clock.schedule(deadline, () => {
      this.#timerAt = Number.POSITIVE_INFINITY
      this.#cancelTimer = null
      this.#tickDue = true
      this.#schedule()
    })
  }

  #isRunning(): boolean {
    return this.#phase === 'running'
  }

  #end(error: Error | undefined): void {
    if (this.#phase === 'stopped') return
    const wasRunning = this.#isRunning()
    this.#phase = 'stopped'
    this.#fatalError = error
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#inbox = []
    if (wasRunning) {
      this.#options.transport.detach(this.group)
      this.#closed = this.#options.storage.close()
      this.#closed.catch(() => {})
    }
    const stopped: () => RaftError = () => new NodeStoppedError(error)
    this.#proposals.refuseNew(stopped)
    this.#proposals.failAppended(this.#state?.lastApplied ?? 0, () => new OutcomeUnknownError('the node stopped'))
    this.#reads.failAll(stopped)
    this.#leadership.stop()
    if (error === undefined) this.#settleStopped.resolve()
    else {
      this.#listeners.emit('fatal', { error })
      this.#settleStopped.reject(error)
    }
  }
}

function storageFailure(operation: 'read' | 'write', cause: unknown): StorageError {
  const detail = cause instanceof Error ? cause.message : String(cause)
  return new StorageError(`the log storage failed to ${operation}: ${detail}. Restart the member once the cause is mended`, { cause })
}
