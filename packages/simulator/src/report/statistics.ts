import type { Outcome } from '../run/simulate.js'

/** Faults as they are counted when they have really happened to somebody. */
export const faultsCounted = [
  'lost',
  'duplicated',
  'late',
  'corrupted',
  'storm',
  'partition',
  'one-way partition',
  'flapping',
  'crash',
  'kill',
  'orderly stop',
  'restart of all',
  'pause',
  'slow disk',
  'stalled disk',
  'disk full',
  'write error',
  'sync error',
  'read error',
  'open error',
  'fast clock',
  'slow clock',
  'clock jump',
  'wiped disk',
] as const

/** What many simulations come to. */
export class Statistics {
  seeds = 0
  events = 0
  /** Simulated ms. */
  duration = 0
  readonly counts = new Map<string, number>()
  readonly #kinds: readonly string[]
  /** In how many simulations both faults happened. */
  readonly #pairs = new Map<string, number>()

  /** @param kinds the faults that are to be seen with one another */
  constructor(kinds: readonly string[] = faultsCounted) {
    this.#kinds = kinds
  }

  add({ events, duration, counts }: Pick<Outcome, 'events' | 'duration' | 'counts'>): void {
    const present = this.#kinds.filter((kind) => (counts.get(kind) ?? 0) > 0)
    const pairs = present.flatMap((one, i) => present.slice(i).map((other) => [`${one} + ${other}`, 1] as const))
    this.merge({ seeds: 1, events, duration, counts: [...counts], pairs })
  }

  /** In how many simulations `one` and `other` both happened; in any order. */
  together(one: string, other: string): number {
    return this.#pairs.get(`${one} + ${other}`) ?? this.#pairs.get(`${other} + ${one}`) ?? 0
  }

  /** Pairs of faults that were never seen in one simulation. */
  unseenPairs(): string[] {
    return this.#kinds.flatMap((one, i) =>
      this.#kinds
        .slice(i)
        .filter((other) => this.together(one, other) === 0)
        .map((other) => (one === other ? one : `${one} + ${other}`)),
    )
  }

  /** For people. */
  lines(): string[] {
    const counted = [...this.counts].sort(([a], [b]) => (a < b ? -1 : 1))
    const unseen = this.unseenPairs()
    const pairs = (this.#kinds.length * (this.#kinds.length + 1)) / 2
    return [
      `${this.seeds} seeds, ${this.events} events, ${(this.duration / 3_600_000).toFixed(2)} simulated hours`,
      counted.map(([what, count]) => `${what}: ${count}`).join(', '),
      `faults seen with each other: ${pairs - unseen.length} of ${pairs} pairs${unseen.length > 0 ? `; not yet: ${unseen.slice(0, 20).join(', ')}` : ''}`,
    ]
  }

  /** As plain data, so that the statistics of several processes can be added up. */
  toJSON(): StatisticsData {
    const { seeds, events, duration } = this
    return { seeds, events, duration, counts: [...this.counts], pairs: [...this.#pairs] }
  }

  merge({ seeds, events, duration, counts, pairs }: StatisticsData): void {
    this.seeds += seeds
    this.events += events
    this.duration += duration
    for (const [what, count] of counts) this.counts.set(what, (this.counts.get(what) ?? 0) + count)
    for (const [pair, count] of pairs) this.#pairs.set(pair, (this.#pairs.get(pair) ?? 0) + count)
  }
}

export interface StatisticsData {
  readonly seeds: number
  readonly events: number
  readonly duration: number
  readonly counts: readonly (readonly [string, number])[]
  readonly pairs: readonly (readonly [string, number])[]
}
