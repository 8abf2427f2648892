import type { Clock, Node, NodeOptions, NodeStatus, StateMachine, Tuning } from '@raft/core'
import type { HostDisk } from '../disk/host-disk.js'
import type { Facts } from '../facts/facts.js'
import type { Character } from '../faults/character.js'
import { type Callback, leadershipCallbacks, watchNode } from '../observed/node.js'
import type { Observer } from '../observed/observer.js'
import { ObservedStateMachine } from '../observed/state-machine.js'
import { ObservedStorage } from '../observed/storage.js'
import { ObservedTransport } from '../observed/transport.js'
import type { EqualStates } from '../oracles/equal-states.js'
import type { Oracles } from '../oracles/oracle.js'
import { Host, type Incarnation } from '../world/host.js'
import type { Prng } from '../world/prng.js'
import { SecondProcess } from './second-process.js'
import type { MemberEnvironment, MemberLife, NodePorts, Stack } from './stack.js'
import { Timers } from './timers.js'

/** What the members of one cluster have in common. */
export interface MemberSettings {
  readonly memberIds: readonly string[]
  readonly tuning: Partial<Tuning>
  readonly maxPending: number
  readonly maxPendingBytes: number
  /** The state machine takes its time. */
  readonly isAsync: boolean
  /** Members may be started on what their disks held before. */
  readonly keepsOldDisks: boolean
  /** What is unusual about the run. Default: nothing. */
  readonly character?: Character
}

export interface MemberContext<Result, Answer> {
  readonly facts: Facts
  readonly oracles: Oracles
  readonly equalStates: EqualStates
  readonly stack: Stack<Result, Answer>
  readonly settings: MemberSettings
  readonly onEnded: (id: string) => void
}

/** As it is counted when a member has died of its disk, or could not start with it. */
export const DEATH_OF_DISK = 'death of the disk'

/** How many copies of its disk a member keeps: those from before its last starts. */
const MAX_COPIES = 3
/** How often a member is started that the others refuse: it would not do otherwise the next time. */
const MAX_STARTS_OF_OUTCAST = 20

/** Something may come between a turn's cause and the turn; in ms. */
const MOST_DEFERRED = 0.02

/** One host, its disk, and the member on it, when its process runs. */
export class SimulatedMember<Result, Answer> {
  readonly id: string
  readonly host: Host
  readonly disk: HostDisk
  readonly #context: MemberContext<Result, Answer>
  readonly #random: Prng
  #life: MemberLife<Answer> | null = null
  #machine: StateMachine<Result> | null = null
  #status: NodeStatus | null = null
  #hasStarted = false
  #isStopping = false
  #stopsInside: { readonly callback: Callback; readonly linger: number } | null = null
  #failuresBefore = 0
  #shortagesBefore = 0
  #isOutcast = false
  #startsAsOutcast = 0
  readonly #second: SecondProcess
  /** What the disk held before this start. */
  #newestCopy: (() => void) | null = null
  /** What it held before starts that came to something; the newest last. One from before the last of them is behind it. */
  #copies: (() => void)[] = []

  constructor(id: string, context: MemberContext<Result, Answer>) {
    const { world } = context.facts
    this.id = id
    this.host = new Host(id, world)
    this.disk = context.stack.disk(this.host)
    this.#context = context
    this.#random = world.random(`member ${id}`)
    this.#second = new SecondProcess(this.host, this.disk, context.facts)
  }

  /** Null while no process runs. */
  get node(): Node<Answer> | null {
    return this.#life?.node ?? null
  }

  get machine(): StateMachine<Result> | null {
    return this.#machine
  }

  get isUp(): boolean {
    return this.host.incarnation !== null
  }

  /** Its owner has asked it to stop, and it has not ended yet. */
  get isStopping(): boolean {
    return this.#isStopping
  }

  /** Its disk is not what it was: the others refuse it. */
  get isOutcast(): boolean {
    return this.#isOutcast
  }

  get hasOlderDisks(): boolean {
    return this.#copies.length > 0
  }

  start(): void {
    if (this.isUp || (this.#isOutcast && ++this.#startsAsOutcast > MAX_STARTS_OF_OUTCAST)) return
    this.#second.end()
    this.#copyDisk()
    const { facts, stack } = this.#context
    const incarnation = this.host.begin()
    this.#failuresBefore = this.disk.failures
    this.#shortagesBefore = this.#shortages
    this.#status = null
    this.#hasStarted = false
    this.#stopsInside = null
    facts.world.note(`${this.id} starts`)
    const environment = this.#environment(incarnation, this.#random.next)
    const { members } = environment
    const timers = new Timers()
    let storage: ObservedStorage | null = null
    const life: MemberLife<Answer> = stack.member({
      ...environment,
      nodeOptions: (ports) => {
        const observer = this.#observer(incarnation, () => life.node)
        storage = new ObservedStorage(ports.storage, observer)
        return this.#nodeOptions({ ...ports, storage }, members, timers, observer)
      },
    })
    watchNode(
      life.node,
      this.#observer(incarnation, () => life.node),
      {
        inside: (callback) => this.#inside(callback, incarnation),
        timers: () => timers.pending,
        isStopping: () => storage?.hasClosed === true,
      },
    )
    this.#life = life
    this.#watch(life.node, incarnation)
    void this.#run(life, incarnation)
  }

  /** The power is lost. */
  crash(): void {
    this.#second.end()
    if (!this.isUp) return
    this.#context.facts.world.note(`${this.id} loses power`)
    this.#end()
    this.disk.crash()
  }

  /** The process is killed; the system lives on. */
  kill(): void {
    this.#second.end()
    if (!this.isUp) return
    this.#context.facts.world.note(`${this.id} is killed`)
    this.#end()
    this.disk.kill()
  }

  /**
   * Its owner stops it from inside the next callback of this kind, and its process lives on for `linger` ms: what was under way in it
   * still completes. `null`: it is not to be stopped so any more.
   */
  stopInside(callback: Callback | null, linger = 0): void {
    this.#stopsInside = callback === null ? null : { callback, linger }
  }

  /** Its owner stops it in an orderly way, and its process ends `linger` ms after that. */
  stop(linger = 0): void {
    const { incarnation } = this.host
    const life = this.#life
    if (incarnation === null || life === null || !this.#hasStarted || this.#isStopping) return
    const { world } = this.#context.facts
    world.note(`${this.id} stops`)
    this.#isStopping = true
    const ended = () => world.after(linger, () => this.#endOf(incarnation))
    life.stop().then(ended, ended)
  }

  /** Somebody starts another process on its directory while the member stops: again and again, where the directory is in use. */
  startBeside(random: Prng): void {
    const { openBeside } = this.#context.stack
    // One that comes while the member starts would have the directory first, as it may: the member could not start then.
    if (openBeside === undefined || !this.#isStopping) return
    this.#second.begin(random, (incarnation) => openBeside(this.#environment(incarnation, random.next)))
  }

  /** An empty disk in place of the old one. Only while it is down. */
  wipe(): void {
    this.#second.end()
    this.#context.facts.world.note(`the disk of ${this.id} is wiped`)
    if (this.#context.stack.isRemembered !== undefined) this.#castOut()
    this.disk.wipe()
    this.#context.facts.log(this.id).forget()
    this.#context.oracles.tell('onWiped', this.id)
  }

  /** The disk as it was before one of the last starts. Only while it is down. */
  rollBack(random: Prng): void {
    this.#second.end()
    const restore = random.pick(this.#copies)
    this.#context.facts.world.note(`the disk of ${this.id} goes back by`, this.#copies.length - this.#copies.indexOf(restore))
    this.#castOut()
    restore()
  }

  #environment(incarnation: Incarnation, random: () => number): MemberEnvironment {
    const { stack, settings } = this.#context
    const members = settings.memberIds.map((id) => ({ id, addresses: stack.addresses?.(id) ?? {} }))
    return { id: this.id, members, incarnation, clock: this.#clock(incarnation, () => {}), random }
  }

  get #shortages(): number {
    return this.disk.shortages ?? 0
  }

  #keepCopy(): void {
    if (this.#newestCopy === null || this.#isOutcast) return
    this.#copies.push(this.#newestCopy)
    if (this.#copies.length > MAX_COPIES) this.#copies.shift()
    this.#newestCopy = null
  }

  #castOut(): void {
    this.#copies = []
    this.#isOutcast = true
    this.#context.facts.castOut(this.id)
    this.#context.oracles.tell('onOutcast', this.id)
  }

  #copyDisk(): void {
    const restoreDisk = this.#context.settings.keepsOldDisks ? this.disk.snapshot?.() : undefined
    if (restoreDisk === undefined || this.#isOutcast) return
    const restoreLog = this.#context.facts.log(this.id).snapshot()
    this.#newestCopy = () => {
      restoreDisk()
      restoreLog()
    }
  }

  /** In a line. */
  glance(): string {
    const node = this.#life?.node
    if (node === undefined || !this.isUp) return `${this.id} is down`
    const { role, currentTerm, commitIndex, lastApplied, lastLogIndex, durableIndex } = node.status()
    return `${this.id} ${role} of ${currentTerm}: log ${lastLogIndex}, durable ${durableIndex}, committed ${commitIndex}, applied ${lastApplied}`
  }

  #observer(incarnation: Incarnation, speaker: () => Node<Answer>): Observer {
    const { facts, oracles } = this.#context
    return { id: this.id, incarnation, facts, oracles, speaker }
  }

  #nodeOptions(ports: NodePorts<Result>, members: NodeOptions<Answer>['members'], timers: Timers, observer: Observer): NodeOptions<Answer> {
    const { stack, settings } = this.#context
    const { id, incarnation } = observer
    this.#machine = ports.stateMachine
    return {
      ...settings.tuning,
      maxPending: settings.maxPending,
      maxPendingBytes: settings.maxPendingBytes,
      id,
      members,
      clock: timers.count(this.#clock(incarnation, () => this.#observe(incarnation))),
      random: this.#random.next,
      storage: ports.storage,
      transport: new ObservedTransport(ports.transport, observer),
      stateMachine: new ObservedStateMachine(ports.stateMachine, observer, {
        answer: (index, result) => stack.answer(index, result),
        slowness: settings.isAsync ? this.#random.fork('state machine') : null,
        pieces: this.#random.fork('pieces'),
        onApplied: () => {
          this.#compareState(ports.stateMachine)
          this.#inside('apply', incarnation)
        },
      }),
      ...leadershipCallbacks(observer, (callback) => this.#inside(callback, incarnation)),
    }
  }

  async #run(life: MemberLife<Answer>, incarnation: Incarnation): Promise<void> {
    try {
      await life.start()
      if (!incarnation.isAlive) return
      this.#hasStarted = true
      this.#keepCopy()
      this.#context.oracles.tell('onStarted', this.id, life.node.status())
    } catch (error) {
      if (!incarnation.isAlive) return
      this.#failed(error instanceof Error ? error : new Error(String(error)), incarnation)
    }
  }

  #watch(node: Node<Answer>, incarnation: Incarnation): void {
    const { facts, oracles } = this.#context
    node.on('transition', (transition) => {
      if (!incarnation.isAlive) return
      const { role, term, leaderId } = transition
      facts.world.note(`${this.id} is ${role}`, term, leaderId)
      facts.world.count(role)
      if (role === 'leader') facts.newestLeaderTerm = Math.max(facts.newestLeaderTerm, term)
      oracles.tell('onTransition', this.id, transition)
      this.#inside('transition', incarnation)
    })
    node.on('fatal', ({ error }) => {
      if (incarnation.isAlive && this.#hasStarted) this.#failed(error, incarnation)
    })
    node.on('callbackError', ({ error }) => facts.violated('no callback throws', `${this.id}: ${error}`))
  }

  #failed(error: Error, incarnation: Incarnation): void {
    const { facts, oracles } = this.#context
    // A process that has no descriptor may say that it cannot start. Once it runs, it has to wait for one.
    const couldNotStart = !this.#hasStarted && this.#shortages > this.#shortagesBefore
    const isExcused = this.disk.failures > this.#failuresBefore || this.#isOutcast || couldNotStart
    facts.world.note(`${this.id} fails`, error.message)
    if (isExcused) facts.world.count(DEATH_OF_DISK)
    oracles.tell('onFatal', this.id, error, isExcused)
    facts.world.after(0, () => {
      if (!incarnation.isAlive) return
      this.#second.end()
      this.#end()
      this.disk.kill()
    })
  }

  #inside(callback: Callback, incarnation: Incarnation): void {
    if (!incarnation.isAlive || !this.#hasStarted || this.#stopsInside?.callback !== callback) return
    const { linger } = this.#stopsInside
    this.#stopsInside = null
    this.#context.facts.world.count('stopped inside')
    this.#context.facts.world.note(`${this.id} is stopped inside`, callback)
    this.stop(linger)
  }

  #endOf(incarnation: Incarnation): void {
    if (incarnation.isAlive) this.#end()
  }

  #end(): void {
    this.host.end()
    this.#isStopping = false
    this.#life = null
    this.#machine = null
    this.#context.oracles.tell('onEnded', this.id)
    this.#context.onEnded(this.id)
  }

  #observe(incarnation: Incarnation): void {
    if (!incarnation.isAlive || !this.#hasStarted || this.#life === null) return
    const status = this.#life.node.status()
    this.#context.oracles.tell('onTurn', this.id, status, this.#status)
    this.#context.oracles.tell('onAccounts', this.id, this.#life.node.accounts(), status)
    this.#status = status
  }

  #compareState(stateMachine: StateMachine<Result>): void {
    const { stack, equalStates } = this.#context
    if (stack.digest !== undefined) equalStates.check(this.id, stateMachine.lastApplied, stack.digest(stateMachine))
  }

  #clock(incarnation: Incarnation, onTurn: () => void): Clock {
    const { world } = this.#context.facts
    const random = this.#random
    return this.host.clock.of(incarnation, (callback) => {
      const run = () => {
        callback()
        onTurn()
      }
      world.after(random.next() * MOST_DEFERRED + this.host.lag, incarnation.bind(run))
    })
  }
}
