import { decodeMessage, encodeMessage, type Message } from '../../src/index.js'
import type { World } from './world.js'

export interface Endpoint {
  /** Whether a process runs there. */
  isUp(): boolean
  deliver(from: string, message: Message): void
  unreachable(peer: string): void
}

/** Loses, delays, repeats and reorders, and cuts links one way or both. */
export class SimulatedNetwork {
  loss = 0
  duplication = 0
  /** Chance of a delay far beyond the usual, which reorders. */
  lateness = 0
  maxLate = 300
  delay = 1
  hints = 0
  readonly #world: World
  readonly #endpoints = new Map<string, Endpoint>()
  readonly #cut = new Set<string>()

  constructor(world: World) {
    this.#world = world
  }

  connect(id: string, endpoint: Endpoint): void {
    this.#endpoints.set(id, endpoint)
  }

  cut(from: string, to: string): void {
    this.#cut.add(`${from}>${to}`)
  }

  /** Nothing crosses between those inside and those outside. */
  split(inside: readonly string[]): void {
    for (const a of this.#endpoints.keys()) {
      for (const b of this.#endpoints.keys()) if (inside.includes(a) !== inside.includes(b)) this.cut(a, b)
    }
  }

  mend(): void {
    this.#cut.clear()
  }

  send(from: string, to: string, message: Message): void {
    const { prng } = this.#world
    const copies = prng.chance(this.duplication) ? 2 : 1
    // Now and then through the codec, whose bytes the real transports carry.
    const carried = prng.chance(0.1) ? decodeMessage(encodeMessage(message)) : message
    for (let i = 0; i < copies; i++) {
      if (this.#cut.has(`${from}>${to}`) || prng.chance(this.loss)) continue
      const late = prng.chance(this.lateness) ? prng.between(0, this.maxLate) : 0
      this.#world.after(0.05 + prng.exponential(this.delay) + late, () => this.#arrive(from, to, carried))
    }
  }

  #arrive(from: string, to: string, message: Message): void {
    const target = this.#endpoints.get(to)
    if (target?.isUp() === true) {
      this.#world.trace.note(this.#world.now, `${from} > ${to} ${message.type}`, message.term, ...detail(message))
      target.deliver(from, message)
    } else if (this.#world.prng.chance(this.hints)) {
      this.#world.after(0.1, () => this.#endpoints.get(from)?.unreachable(to))
    }
  }
}

function detail(message: Message): (string | number | boolean)[] {
  switch (message.type) {
    case 'preVote':
    case 'requestVote':
      return [message.lastLogIndex, message.lastLogTerm]
    case 'preVoteReply':
    case 'requestVoteReply':
      return [message.voteGranted]
    case 'appendEntries':
      return [message.prevLogIndex, message.prevLogTerm, message.entries.count, message.leaderCommit]
    case 'appendEntriesReply':
      return [message.success, message.prevLogIndex, message.matchIndex, message.matchTerm]
    case 'heartbeat':
      return [message.round, message.leaderCommit]
    case 'heartbeatReply':
      return [message.round]
  }
}
