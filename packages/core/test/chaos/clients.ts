import { NotLeaderError, OutcomeUnknownError, OverloadedError } from '../../src/index.js'
import type { Operation } from './history.js'
import { encodeCommand } from './machine.js'
import type { Member } from './member.js'
import type { Oracles } from './oracles.js'
import type { World } from './world.js'

/** Which members a client turns to. */
const HABITS = ['whoever says that it leads', 'the leader it was told of', 'anybody'] as const

/** A client that appends and reads, at whichever member it believes to lead, in bursts. */
export class Client {
  isActive = true
  readonly #world: World
  readonly #members: readonly Member[]
  readonly #oracles: Oracles
  readonly #pause: number
  readonly #readShare: number
  readonly #padding: number
  #leader: string | null = null
  readonly #waiting = new Map<Operation, Member>()

  constructor(world: World, members: readonly Member[], oracles: Oracles, settings: { pause: number; readShare: number; padding: number }) {
    this.#world = world
    this.#members = members
    this.#oracles = oracles
    this.#pause = settings.pause
    this.#readShare = settings.readShare
    this.#padding = settings.padding
    this.#later()
  }

  /** Operations at members that still run and have not answered. */
  get unanswered(): Operation[] {
    return [...this.#waiting.keys()].filter((operation) => operation.outcome === 'pending')
  }

  /** The member's process is gone: what it was asked will never be answered. */
  forget(member: Member): void {
    for (const [operation, asked] of this.#waiting) {
      if (asked !== member) continue
      if (operation.outcome === 'pending' && operation.kind === 'append') this.#oracles.history.leaveUnknown(operation)
      this.#waiting.delete(operation)
    }
  }

  append(member: Member, done: (isAcknowledged: boolean) => void = () => {}): void {
    const { node, machine } = member
    if (node === null) return
    const { history } = this.#oracles
    const operation = history.begin('append', member.id)
    this.#waiting.set(operation, member)
    const padding = this.#world.prng.chance(0.03) ? this.#padding * 20 : this.#world.prng.below(this.#padding + 1)
    node.submit(encodeCommand(operation.number, padding), (error, length) => {
      this.#waiting.delete(operation)
      this.#world.trace.note(this.#world.now, `${member.id} answers`, operation.number, error?.code ?? length ?? 'nothing')
      if (error === null) history.appended(operation, length ?? -1)
      else if (error instanceof OutcomeUnknownError) history.leaveUnknown(operation)
      else history.refuse(operation)
      if (error instanceof NotLeaderError) this.#leader = error.leaderId
      if (error === null && machine.length < (length ?? 0)) this.#world.violated('answered when applied', `${member.id} answered too early`)
      done(error === null)
      // From inside the callback, as applications do.
      if (error instanceof OverloadedError === false && this.isActive && this.#world.prng.chance(0.05)) this.append(member)
    })
  }

  read(member: Member, done: (isAnswered: boolean) => void = () => {}): void {
    const { node, machine } = member
    if (node === null) return
    const { history } = this.#oracles
    const operation = history.begin('read', member.id)
    this.#waiting.set(operation, member)
    node.submitRead((error, index) => {
      this.#waiting.delete(operation)
      this.#world.trace.note(this.#world.now, `${member.id} is read`, error?.code ?? machine.length)
      if (error === null) {
        history.read(operation, machine.length)
        if (machine.lastApplied < index) this.#world.violated('answered when applied', `${member.id} had not applied ${index}`)
      } else history.refuse(operation)
      done(error === null)
    })
  }

  #later(): void {
    this.#world.after(this.#world.prng.exponential(this.#pause), () => {
      if (this.isActive) {
        this.#act()
        this.#later()
      }
    })
  }

  #act(): void {
    const { prng } = this.#world
    const member = this.#choose()
    if (member === undefined || member.node === null) return
    const burst = prng.chance(0.2) ? 1 + prng.below(12) : 1
    for (let i = 0; i < burst; i++) {
      if (prng.chance(this.#readShare)) this.read(member)
      else this.append(member)
    }
  }

  #choose(): Member | undefined {
    const { prng } = this.#world
    const up = this.#members.filter((member) => member.isUp() && member.node !== null)
    const habit = prng.pick(HABITS)
    const leaders = up.filter((member) => member.node?.role === 'leader')
    if (habit !== 'anybody' && leaders.length > 0) {
      const told = leaders.find((member) => member.id === this.#leader)
      return habit === 'the leader it was told of' && told !== undefined ? told : prng.pick(leaders)
    }
    return up.length === 0 ? undefined : prng.pick(up)
  }
}
