import type { Prng } from '../world/prng.js'
import type { World } from '../world/world.js'
import { corrupted } from './corruption.js'

/** What happens to what is sent, from any host to any other. Chances are from 0 to 1, times in ms. */
export interface LinkConditions {
  /** Mean time on the way; the least is 0.05. */
  delay: number
  loss: number
  duplication: number
  /** Chance of a delay of up to `maxLate` more, which reorders. */
  lateness: number
  maxLate: number
  /** Chance that bytes are changed on the way, where bytes are what travels. */
  corruption: number
  /** Everything is on its way for `delay` exactly. Default false. */
  isSteady?: boolean
}

export const calmConditions: Readonly<LinkConditions> = {
  delay: 1,
  loss: 0,
  duplication: 0,
  lateness: 0,
  maxLate: 300,
  corruption: 0,
  isSteady: false,
}

/** Who can reach whom, and how well. All networks of a simulation share it, so a partition cuts everything that crosses it. */
export class Links {
  readonly conditions: LinkConditions = { ...calmConditions }
  readonly #world: World
  readonly #random: Prng
  readonly #hosts: string[]
  readonly #cut = new Set<string>()
  /** Cuts that `mend` leaves as they are. */
  readonly #cutForGood = new Set<string>()
  /** Ms more on the way, by link. */
  readonly #distances = new Map<string, number>()
  /** The same, for a while: what is on its way is held back. */
  readonly #held = new Map<string, number>()
  /** Ms more on the way, by kind of message, where a network knows kinds. */
  readonly #kindDelays = new Map<string, number>()
  readonly #hinted: ((host: string) => void)[] = []

  constructor(world: World, hosts: readonly string[]) {
    this.#world = world
    this.#random = world.random('links')
    this.#hosts = [...hosts]
  }

  get hosts(): readonly string[] {
    return this.#hosts
  }

  /** One host more: a client's, for instance. */
  join(host: string): void {
    this.#hosts.push(host)
  }

  /** Nothing goes from `from` to `to` any more; the other way is left as it is. */
  cut(from: string, to: string): void {
    if (from !== to) this.#cut.add(`${from}>${to}`)
  }

  /** Nothing crosses between those inside and those outside. */
  split(inside: readonly string[]): void {
    for (const a of this.#hosts) {
      for (const b of this.#hosts) if (inside.includes(a) !== inside.includes(b)) this.cut(a, b)
    }
  }

  /** Nobody is cut off any more, but for good. */
  mend(): void {
    this.#cut.clear()
  }

  /** As `cut`, until `straighten`. */
  cutForGood(from: string, to: string): void {
    if (from !== to) this.#cutForGood.add(`${from}>${to}`)
  }

  /** The link is as it was before `cut`. */
  mendLink(from: string, to: string): void {
    this.#cut.delete(`${from}>${to}`)
  }

  isCut(from: string, to: string): boolean {
    return this.#cut.has(`${from}>${to}`) || this.#cutForGood.has(`${from}>${to}`)
  }

  /** What goes from `from` to `to` is so many ms more on its way. */
  setDistance(from: string, to: string, ms: number): void {
    this.#distances.set(`${from}>${to}`, ms)
  }

  /** As `setDistance`, beside it; 0 for no longer. */
  holdBack(from: string, to: string, ms: number): void {
    this.#held.set(`${from}>${to}`, ms)
  }

  /** Messages of this kind are so many ms more on their way, where the network carries messages. */
  setKindDelay(kind: string, ms: number): void {
    this.#kindDelays.set(kind, ms)
  }

  /** Nobody is cut off for good, and no way is longer than another. */
  straighten(): void {
    this.#cutForGood.clear()
    this.#distances.clear()
    this.#held.clear()
    this.#kindDelays.clear()
  }

  /** `told` is called when everybody that sends to a host is to be told that nobody listens there, true or not. */
  onHint(told: (host: string) => void): void {
    this.#hinted.push(told)
  }

  hint(host: string): void {
    for (const told of this.#hinted) told(host)
  }

  /** What becomes of one packet: the delays of the copies that arrive, in ms. None when it is lost. */
  fate(from: string, to: string, kind = ''): number[] {
    const { loss, duplication, lateness, maxLate } = this.conditions
    const random = this.#random
    const copies = random.chance(duplication) ? 2 : 1
    if (copies === 2) this.#world.count('duplicated')
    const delays: number[] = []
    for (let copy = 0; copy < copies; copy++) {
      if (this.isCut(from, to)) {
        this.#world.count('cut off')
        continue
      }
      if (random.chance(loss)) {
        this.#world.count('lost')
        continue
      }
      const late = random.chance(lateness) ? random.between(0, maxLate) : 0
      if (late > 0) this.#world.count('late')
      delays.push(this.#travelTime() + late + this.#detour(from, to, kind))
    }
    return delays
  }

  #travelTime(): number {
    const { delay, isSteady } = this.conditions
    return isSteady === true ? delay : 0.05 + this.#random.exponential(delay)
  }

  #detour(from: string, to: string, kind: string): number {
    const link = `${from}>${to}`
    return (this.#distances.get(link) ?? 0) + (this.#held.get(link) ?? 0) + (this.#kindDelays.get(kind) ?? 0)
  }

  /** The bytes as they arrive: now and then others, in a copy. */
  carry(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0 || !this.#random.chance(this.conditions.corruption)) return bytes
    this.#world.count('corrupted')
    return corrupted(bytes, this.#random)
  }
}
