import {
  type Clock,
  type Member as MemberAddress,
  type Message,
  Node,
  type Transport,
  type TransportReceiver,
  type Tuning,
} from '../../src/index.js'
import type { Disk } from './disk.js'
import { ListMachine } from './machine.js'
import type { Endpoint, SimulatedNetwork } from './network.js'
import type { Oracles } from './oracles.js'
import { RunningProcess } from './process.js'
import { SimulatedStorage } from './storage.js'
import type { World } from './world.js'

export interface MemberOptions {
  readonly tuning: Partial<Tuning>
  readonly maxPending: number
  readonly maxPendingBytes: number
  /** The state machine survives its process, with the index of what it has applied. */
  readonly durableMachine: boolean
  readonly asyncMachine: boolean
  /** How far clocks go wrong: 0.1 is ten percent. */
  readonly drift: number
}

/** More turns than this within a millisecond and the node is spinning. */
const MOST_TURNS = 3000

/** One machine: its disk, its clock, and the process on it, when one runs. */
export class Member implements Endpoint {
  readonly id: string
  readonly disk: Disk
  node: Node<number> | null = null
  machine: ListMachine
  /** Stays true until the next start. */
  isDown = true
  #process: RunningProcess | null = null
  #receiver: TransportReceiver | null = null
  #pausedUntil = 0
  #turns = 0
  #turnsSince = 0
  /** The node has read its disk, so that its status says something. */
  #hasBegun = false
  readonly #world: World
  readonly #network: SimulatedNetwork
  readonly #oracles: Oracles
  readonly #members: readonly MemberAddress[]
  readonly #options: MemberOptions
  readonly #onGone: (member: Member) => void
  readonly #rate: number
  readonly #offset: number

  constructor(
    id: string,
    disk: Disk,
    world: World,
    network: SimulatedNetwork,
    oracles: Oracles,
    members: readonly MemberAddress[],
    options: MemberOptions,
    onGone: (member: Member) => void,
  ) {
    this.#onGone = onGone
    this.id = id
    this.disk = disk
    this.#world = world
    this.#network = network
    this.#oracles = oracles
    this.#members = members
    this.#options = options
    this.#rate = 1 + options.drift * world.prng.between(-1, 1)
    this.#offset = world.prng.between(0, 1e6)
    this.machine = new ListMachine(world, oracles, new RunningProcess(this, world), disk.baseIndex, options.asyncMachine)
    network.connect(id, this)
  }

  get pausedUntil(): number {
    return this.#pausedUntil
  }

  isUp(): boolean {
    return !this.isDown
  }

  isRunning(process: RunningProcess): boolean {
    return this.#process === process
  }

  start(): void {
    if (!this.isDown) return
    this.isDown = false
    const process = new RunningProcess(this, this.#world)
    this.#process = process
    this.#pausedUntil = 0
    this.#hasBegun = false
    const { asyncMachine, durableMachine, tuning, maxPending, maxPendingBytes } = this.#options
    if (durableMachine) this.machine.process = process
    else this.machine = new ListMachine(this.#world, this.#oracles, process, this.disk.baseIndex, asyncMachine)
    const node = new Node<number>({
      id: this.id,
      members: this.#members,
      ...tuning,
      maxPending,
      maxPendingBytes,
      storage: new SimulatedStorage(this.#world, this.disk, process, this.#oracles),
      stateMachine: this.machine,
      transport: this.#transport(process),
      clock: this.#clock(process),
      random: this.#world.prng.next,
    })
    this.node = node
    node.on('transition', ({ role, term, leaderId }) => {
      this.#world.trace.note(this.#world.now, `${this.id} is ${role}`, term, leaderId)
      if (role === 'candidate' && this.#oracles.fine) this.#oracles.elections.becameCandidate(this.id, term)
      if (role === 'leader') this.#oracles.becameLeader(this.id, term)
    })
    node.on('fatal', ({ error }) => {
      this.#world.trace.note(this.#world.now, `${this.id} fails`, error.message)
      if (!process.diskFailed) this.#oracles.fatal(this.id, error)
      this.#world.after(0, () => this.#gone(process))
    })
    node.start().then(
      () => {
        if (!process.isAlive()) return
        this.#hasBegun = true
        this.#oracles.started(this.id, node.status())
      },
      () => {},
    )
    this.#world.trace.note(this.#world.now, `${this.id} starts`, this.disk.lastIndex)
  }

  /** The process dies without a word. */
  crash(): void {
    if (this.isDown) return
    this.#world.trace.note(this.#world.now, `${this.id} crashes`)
    this.disk.crash()
    this.#gone(this.#process)
  }

  /** The owner stops it in an orderly way. */
  stop(): void {
    if (this.isDown) return
    this.#world.trace.note(this.#world.now, `${this.id} stops`)
    void this.node?.stop()
    this.#world.promisesSettled = true
    this.#gone(this.#process)
  }

  pause(duration: number): void {
    // Never shorter: what has been put off is put off until then.
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#world.now + duration)
  }

  deliver(from: string, message: Message): void {
    this.#whenAwake(() => {
      this.#oracles.elections.delivered(this.id, from, message)
      this.#receiver?.onMessage(from, message)
    })
  }

  unreachable(peer: string): void {
    this.#whenAwake(() => this.#receiver?.onUnreachable(peer))
  }

  /** After every turn of the node. */
  observe(): void {
    const { node } = this
    if (node === null || !this.#hasBegun) return
    this.#oracles.observed(this.id, node.status())
    const { now } = this.#world
    if (now - this.#turnsSince >= 1) {
      this.#turnsSince = now
      this.#turns = 0
    }
    this.#turns += 1
    if (this.#turns > MOST_TURNS) this.#world.violated('no spinning', `${this.id} took ${this.#turns} turns within a millisecond`)
  }

  #gone(process: RunningProcess | null): void {
    if (process === null || this.#process !== process) return
    this.#process = null
    this.#receiver = null
    this.node = null
    this.isDown = true
    this.#onGone(this)
  }

  #whenAwake(action: () => void): void {
    const { now } = this.#world
    if (now < this.#pausedUntil) this.#world.after(this.#pausedUntil - now, () => this.#whenAwake(action))
    else action()
  }

  #transport(process: RunningProcess): Transport {
    return {
      attach: (_group, receiver) => {
        if (this.#process === process) this.#receiver = receiver
      },
      setMembers: () => {},
      detach: () => {
        if (this.#process === process) this.#receiver = null
      },
      send: (to, message) => {
        if (this.#process !== process || this.node === null) return
        this.#oracles.sending(this.id, to, message, this.node.status())
        this.#network.send(this.id, to, message)
      },
    }
  }

  #clock(process: RunningProcess): Clock {
    const world = this.#world
    const local = () => this.#offset + world.now * this.#rate
    return {
      now: local,
      schedule: (time, callback) => {
        let isCalledOff = false
        const delay = Math.max(0, (time - local()) / this.#rate) + 0.01
        world.after(
          delay,
          process.bind(() => {
            if (!isCalledOff) callback()
          }),
        )
        return () => {
          isCalledOff = true
        }
      },
      defer: (callback) =>
        world.after(
          world.prng.next() * 0.02,
          process.bind(() => {
            callback()
            this.observe()
          }),
        ),
    }
  }
}
