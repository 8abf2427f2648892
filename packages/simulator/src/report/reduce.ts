import { type Calm, calmable, type Reduction } from '../faults/plan.js'
import { type Outcome, type SimulationOptions, simulate } from '../run/simulate.js'

export interface ReducedFailure {
  /** Of the simplest run that was found to break the same oracle. */
  readonly outcome: Outcome
  /** What `simulate` has to be given to run it again, beside the seed. */
  readonly reduction: Required<Reduction>
  /** How many simulations it took. */
  readonly runs: number
}

/**
 * Makes a failure simpler: leaves out faults and standing conditions as long as the same oracle breaks (delta debugging, Zeller and
 * Hildebrandt 2002). What breaks ends the run, so fewer faults mostly mean fewer events too.
 *
 * @param maxRuns how many simulations it may take. Default 200
 */
export async function reduceFailure<Result, Answer>(
  options: SimulationOptions<Result, Answer>,
  failed: Outcome,
  maxRuns = 200,
): Promise<ReducedFailure> {
  const search = new Search(options, failed, maxRuns)
  await search.leaveOutConditions()
  await search.leaveOutFaults()
  return search.result()
}

class Search<Result, Answer> {
  readonly #options: SimulationOptions<Result, Answer>
  readonly #oracle: string | undefined
  readonly #maxRuns: number
  #best: Outcome
  #calm: Calm[] = []
  #left: number[]
  #runs = 0

  constructor(options: SimulationOptions<Result, Answer>, failed: Outcome, maxRuns: number) {
    this.#options = options
    this.#oracle = failed.violation?.oracle
    this.#maxRuns = maxRuns
    this.#best = failed
    this.#left = [...(options.only ?? Array.from({ length: failed.faults }, (_, i) => i))]
    this.#calm = [...(options.calm ?? [])]
  }

  async leaveOutConditions(): Promise<void> {
    for (const condition of calmable) {
      const calm = [...this.#calm, condition]
      if (await this.#stillBreaks(calm, this.#left)) this.#calm = calm
    }
  }

  /** Takes out ever smaller parts: first all of the faults, then each half, then each quarter, and so on. */
  async leaveOutFaults(): Promise<void> {
    if (this.#left.length > 0 && (await this.#stillBreaks(this.#calm, []))) this.#left = []
    let parts = 2
    while (this.#left.length > 1 && this.#runs < this.#maxRuns) {
      const rest = await this.#withoutOnePart(parts)
      if (rest !== null) {
        this.#left = rest
        parts = Math.max(2, parts - 1)
      } else if (parts >= this.#left.length) break
      else parts = Math.min(this.#left.length, parts * 2)
    }
    // One that is left may still be one too many.
    if (this.#left.length === 1 && (await this.#stillBreaks(this.#calm, []))) this.#left = []
  }

  result(): ReducedFailure {
    return {
      outcome: this.#best,
      reduction: { only: this.#left, calm: this.#calm },
      runs: this.#runs,
    }
  }

  async #withoutOnePart(parts: number): Promise<number[] | null> {
    const size = Math.ceil(this.#left.length / parts)
    for (let start = 0; start < this.#left.length; start += size) {
      const rest = this.#left.filter((_, i) => i < start || i >= start + size)
      if (await this.#stillBreaks(this.#calm, rest)) return rest
    }
    return null
  }

  async #stillBreaks(calm: readonly Calm[], left: readonly number[]): Promise<boolean> {
    if (this.#runs >= this.#maxRuns) return false
    this.#runs += 1
    const outcome = await simulate({ ...this.#options, calm, only: left })
    if (outcome.violation?.oracle !== this.#oracle) return false
    this.#best = outcome
    return true
  }
}
