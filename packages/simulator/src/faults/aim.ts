import type { Links } from '../network/links.js'
import type { FaultSurroundings, FaultTarget } from './harm.js'

/** What faults need that aim at a moment, or that last until the end of all faults. */
export class Aim {
  readonly links: Links
  readonly #around: FaultSurroundings
  readonly #electionTimeout: number
  /** Members that are of no use until the faults end. */
  readonly #afflicted = new Set<string>()
  #isOver = false

  constructor(around: FaultSurroundings) {
    this.links = around.links
    this.#around = around
    this.#electionTimeout = around.plan.tuning.electionTimeout
  }

  /** So many election timeouts, in ms. */
  timeouts(count: number): number {
    return count * this.#electionTimeout
  }

  count(what: string): void {
    this.#around.world.count(what)
  }

  note(what: string, ...parts: (string | number)[]): void {
    this.#around.world.note(what, ...parts)
  }

  /** In so many ms, unless the faults have ended by then. */
  later(delay: number, action: () => void): void {
    this.#around.world.after(delay, () => {
      if (!this.#isOver) action()
    })
  }

  leader(): FaultTarget | null {
    return this.#around.leader()
  }

  leadingTerm(): number {
    return this.#around.leadingTerm()
  }

  /** What leaves from now on, for `duration`, is so many ms more on its way. */
  holdBack(from: readonly string[], to: readonly string[], ms: number, duration: number): void {
    this.#forEachLink(from, to, (one, other) => this.links.holdBack(one, other, ms))
    this.later(duration, () => this.#forEachLink(from, to, (one, other) => this.links.holdBack(one, other, 0)))
  }

  /** Nothing goes from one to the other for so many ms, or until another fault mends all cuts. */
  cut(from: readonly string[], to: readonly string[], duration: number): void {
    this.#forEachLink(from, to, (one, other) => this.links.cut(one, other))
    this.later(duration, () => this.#forEachLink(from, to, (one, other) => this.links.mendLink(one, other)))
  }

  isAfflicted(id: string): boolean {
    return this.#afflicted.has(id)
  }

  afflict(id: string): void {
    this.#afflicted.add(id)
  }

  end(): void {
    this.#isOver = true
    this.#afflicted.clear()
    this.links.straighten()
  }

  #forEachLink(from: readonly string[], to: readonly string[], visit: (from: string, to: string) => void): void {
    for (const one of from) for (const other of to) visit(one, other)
  }
}
