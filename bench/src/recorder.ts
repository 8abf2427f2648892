import type { Aim, Figure, Ratio } from './figure.js'
import { median } from './statistics.js'

export interface Measured {
  readonly what: string
  readonly at: string
  readonly by: string
  readonly x?: Figure['x']
}

/** Collects what is measured, round by round. */
export class Recorder {
  readonly #figures = new Map<string, Figure>()
  readonly #ratios: Ratio[] = []

  /** Adds one value: the next round of this figure. @throws RangeError when it is no number, which nothing measures */
  add({ what, at, by, x = null }: Measured, value: number): void {
    if (!Number.isFinite(value)) throw new RangeError(`${what} of ${by} (${at}) is ${value}`)
    const key = JSON.stringify([what, at, by, x])
    const figure = this.#figures.get(key)
    if (figure === undefined) this.#figures.set(key, { what, at, by, x, rounds: [value] })
    else figure.rounds.push(value)
  }

  /**
   * The figures of one against those of another, round by round; of several others, against the one whose median is best (the
   * greatest). Nothing when one of them was not measured.
   */
  compare(what: string, at: string, of: string, to: string | readonly string[], aim: Aim | null = null): void {
    const above = this.#find(what, at, of)
    const others = [to].flat().flatMap((by) => this.#find(what, at, by) ?? [])
    const below = others.sort((a, b) => median(b.rounds) - median(a.rounds))[0]
    if (above === undefined || below === undefined) return
    const rounds = above.rounds.flatMap((value, round) => {
      const other = below.rounds[round]
      return other === undefined || other === 0 ? [] : [value / other]
    })
    if (rounds.length > 0) this.#ratios.push({ what, at, of, to: below.by, rounds, aim })
  }

  /** Holds a figure against its aim. Nothing when it was not measured. */
  expect(what: string, at: string, of: string, aim: Aim): void {
    const figure = this.#find(what, at, of)
    if (figure !== undefined) this.#ratios.push({ what, at, of, to: null, rounds: [...figure.rounds], aim })
  }

  get figures(): Figure[] {
    return [...this.#figures.values()]
  }

  get ratios(): Ratio[] {
    return [...this.#ratios]
  }

  /** Without an x: of several figures that differ in it, none is the one that is meant. */
  #find(what: string, at: string, by: string): Figure | undefined {
    return this.figures.find((figure) => figure.x === null && figure.what === what && figure.at === at && figure.by === by)
  }
}
