import type { Transition } from '../effects.js'
import { NodeStoppedError, OutcomeUnknownError } from '../errors.js'
import { initialMembership, type Membership } from '../membership.js'
import type { StoredLog } from '../ports/log-storage.js'
import { State } from '../state.js'
import { completeTuning, type Tuning } from '../tuning.js'
import type { GroupId, Member, MemberId, RoleName } from '../types.js'
import { accountsOf, type NodeAccounts } from './accounts.js'
import { awaitCallback, type WaitOptions } from './await-callback.js'
import { Driver } from './driver.js'
import { LeadershipCallbacks } from './leadership-callbacks.js'
import { Listeners } from './listeners.js'
import { completeLimits, type Limits, type NodeOptions } from './options.js'
import { type ProposalDone, Proposals } from './proposals.js'
import { type ReadDone, Reads } from './reads.js'
import { type NodeStatus, statusOf } from './status.js'
import { Waiters } from './waiters.js'

export interface NodeEvents {
  /** The role, term or leader has changed. */
  readonly transition: Transition
  /** A callback or listener of the user's threw, or its promise was rejected. */
  readonly callbackError: { readonly error: unknown }
  /** The node has stopped because it could not go on. */
  readonly fatal: { readonly error: Error }
}

/** One running member, as its owner sees it: what is proposed and read here, and who leads. `Driver` does the work. */
export class Node<Result = unknown> {
  readonly id: MemberId
  readonly group: GroupId
  /** Fulfilled when the node was stopped; rejected when it stopped because it could not go on. */
  readonly stopped: Promise<void>
  readonly #options: NodeOptions<Result>
  /** As at the first start; State has it as soon as there is one. */
  readonly #initialMembership: Membership
  readonly #listeners: Listeners<NodeEvents>
  readonly #tuning: Tuning
  readonly #limits: Limits
  readonly #leadership: LeadershipCallbacks
  readonly #waiters = new Waiters()
  #phase: 'new' | 'starting' | 'running' | 'stopped' = 'new'
  #state: State | null = null
  #driver: Driver<Result> | null = null
  #fatalError: Error | undefined
  #starting: Promise<void> = Promise.resolve()
  #closed: Promise<void> = Promise.resolve()
  #settleStopped!: { resolve: () => void; reject: (error: Error) => void }

  /** @throws ConfigurationError */
  constructor(options: NodeOptions<Result>) {
    this.#options = options
    this.id = options.id
    this.group = options.group ?? 0
    this.#initialMembership = initialMembership(options.members, options.id)
    this.#tuning = completeTuning(options)
    this.#limits = completeLimits(options)
    this.#listeners = new Listeners((error) => this.#listeners.emit('callbackError', { error }))
    this.#leadership = new LeadershipCallbacks((callback, event) => this.#listeners.call(callback, event), options)
    this.stopped = new Promise((resolve, reject) => {
      this.#settleStopped = { resolve, reject }
    })
    this.stopped.catch(() => {})
  }

  /** Opens the storage and takes part. Once. @throws StorageError and whatever else the storage's `open` throws */
  start(): Promise<void> {
    if (this.#phase !== 'new') return Promise.reject(new NodeStoppedError(this.#fatalError))
    this.#phase = 'starting'
    this.#starting = this.#open()
    return this.#starting
  }

  /**
   * Leaves the cluster's work at once: waiting proposals and reads are rejected, the storage is closed. The state machine
   * and the transport stay as they are. Safe to call at any time, and twice.
   */
  async stop(): Promise<void> {
    this.#end(undefined)
    // What went wrong at the start is told to whoever started it.
    await this.#starting.catch(() => {})
    await this.#closed
  }

  /** Stops at once, as after a fatal error of its own: for the maker of a port that cannot go on. Does nothing where it has stopped. */
  fail(error: Error): void {
    this.#end(error)
  }

  /** A node that does not run leads nobody: it counts as a follower. */
  get role(): RoleName {
    return this.#phase === 'running' ? (this.#state?.role ?? 'follower') : 'follower'
  }

  get currentTerm(): number {
    return this.#state?.currentTerm ?? 0
  }

  get leaderId(): MemberId | null {
    return this.#phase === 'running' ? (this.#state?.leaderId ?? null) : null
  }

  /** The leader with its addresses, where it is known. */
  get leader(): Member | null {
    return this.#phase === 'running' ? (this.#driver?.leader ?? null) : null
  }

  get members(): readonly Member[] {
    const { members } = this.#state?.membership ?? this.#initialMembership
    return [...members.values()]
  }

  status(): NodeStatus {
    return statusOf(this, this.#state, this.#driver?.pending, this.#options.clock.now())
  }

  /** The sums that the node keeps, each beside the same sum counted anew. For checks of this package and of simulations: its fields may change. */
  accounts(): NodeAccounts {
    return this.#driver?.accounts() ?? accountsOf(null, new Proposals(this.#limits), new Reads(0), this.#options.clock.now())
  }

  /** Calls `listener` for every such event, until the function that is returned is called. */
  on<Name extends keyof NodeEvents>(name: Name, listener: (event: NodeEvents[Name]) => void): () => void {
    return this.#listeners.on(name, listener)
  }

  /**
   * Replicates a command; fulfilled with the state machine's result once it is applied here. The
   * bytes must not be written to before that.
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
    const driver = this.#phase === 'running' ? this.#driver : null
    const refusal = driver === null ? new NodeStoppedError(this.#fatalError) : driver.submit(command, done)
    if (refusal === null) return
    this.#options.clock.defer(() => {
      this.#options.onProposed?.(0, refusal)
      done(refusal, undefined)
    })
  }

  /**
   * The read index (thesis §6.4): an index at which everything that was committed before the call is included, as a majority has
   * confirmed. Fulfilled once this member has applied everything up to it: what the state machine holds then, which may be more, may
   * answer a linearizable read. All reads that wait share one round of messages.
   *
   * @throws NotLeaderError, OverloadedError, NodeStoppedError
   * @throws WaitAbortedError when the signal aborts
   */
  readIndex(options?: WaitOptions): Promise<number> {
    return awaitCallback<number>((done) => this.submitRead(done), options)
  }

  /** As `readIndex`, without a promise. */
  submitRead(done: ReadDone): void {
    const driver = this.#phase === 'running' ? this.#driver : null
    const refusal = driver === null ? new NodeStoppedError(this.#fatalError) : driver.submitRead(done)
    if (refusal !== null) this.#options.clock.defer(() => done(refusal, 0))
  }

  /** The leader's id as soon as one is known here. @throws WaitAbortedError, NodeStoppedError */
  waitForLeader(options?: WaitOptions): Promise<MemberId> {
    return this.#waitFor('a leader', () => this.leaderId, options)
  }

  /** Until member `id` is the leader, as far as is known here. @throws WaitAbortedError, NodeStoppedError */
  async waitUntilLeader(id: MemberId, options?: WaitOptions): Promise<void> {
    await this.#waitFor(`${id} to lead`, () => (this.leaderId === id ? id : null), options)
  }

  async #open(): Promise<void> {
    const { storage } = this.#options
    try {
      const stored = await storage.open()
      // It may have been stopped meanwhile.
      if (this.#isStopped()) throw new NodeStoppedError()
      this.#run(stored)
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)))
      try {
        await storage.close()
      } catch {
        // It adds nothing to why the node could not start, which the caller is told.
      }
      throw error
    }
  }

  #run(stored: StoredLog): void {
    const { id, group } = this
    const { stateMachine, transport, clock, random } = this.#options
    const state = new State(
      { id, group, membership: this.#initialMembership, tuning: this.#tuning, random },
      stored,
      stateMachine.lastApplied,
      clock.now(),
    )
    this.#state = state
    this.#phase = 'running'
    const driver = new Driver(state, this.#options, this.#limits, {
      onTransition: (transition) => {
        // A user's callback may have stopped the node: then nothing more is told.
        if (this.#isStopped()) return
        this.#leadership.transition(transition)
        if (this.#isStopped()) return
        this.#waiters.wake()
        this.#listeners.emit('transition', transition)
      },
      onTurn: () => this.#leadership.applied(state.lastApplied, state.termStartIndex),
      onFatal: (error) => this.#end(error),
    })
    this.#driver = driver
    transport.attach(group, {
      onMessage: (from, message) => driver.receive({ type: 'message', from, message }),
      onUnreachable: (peer) => driver.receive({ type: 'unreachable', peer }),
    })
    driver.start()
    this.#leadership.transition({ role: 'follower', term: state.currentTerm, leaderId: null })
  }

  #isStopped(): boolean {
    return this.#phase === 'stopped'
  }

  #waitFor<T>(what: string, value: () => T | null, options?: WaitOptions): Promise<T> {
    const valueWhileRunning = () => {
      if (this.#isStopped()) throw new NodeStoppedError(this.#fatalError)
      return value()
    }
    return this.#waiters.until(what, valueWhileRunning, options)
  }

  #end(error: Error | undefined): void {
    if (this.#phase === 'stopped') return
    this.#phase = 'stopped'
    this.#fatalError = error
    this.#driver?.halt()
    if (this.#driver !== null) {
      this.#closed = this.#letGo()
      this.#closed.catch(() => {})
    }
    this.#leadership.stop()
    this.#driver?.stop(error)
    this.#waiters.wake()
    if (error === undefined) this.#settleStopped.resolve()
    else {
      this.#listeners.emit('fatal', { error })
      this.#settleStopped.reject(error)
    }
  }

  /** The storage is closed although the transport cannot let go. @throws what the ports throw */
  async #letGo(): Promise<void> {
    try {
      this.#options.transport.detach(this.group)
    } finally {
      await this.#options.storage.close()
    }
  }
}
