import {
  type Character,
  faultsCounted,
  type LivenessBounds,
  type Outcome,
  type ReducedFailure,
  type Reduction,
  reduceFailure,
  type StackFactory,
  simulate,
} from '@raft/simulator'

export interface SeedOptions extends Reduction {
  readonly seed: number
  /** Instead of what every third seed draws. */
  readonly character?: Partial<Character>
  /** The run is so many times as long, with small windows. Default 1. */
  readonly length?: number
  readonly keptTraceLines?: number
}

/** A stack that can be asked for by name. */
export interface NamedStack {
  readonly name: string
  readonly description: string
  /** What is counted as a fault in it. */
  readonly faults: readonly string[]
  simulate(options: SeedOptions): Promise<Outcome>
  reduce(options: SeedOptions, failed: Outcome): Promise<ReducedFailure>
}

export interface StackDescription<Result, Answer> {
  readonly name: string
  readonly description: string
  readonly stack: StackFactory<Result, Answer>
  /** Faults that come in this stack only, as they are counted. */
  readonly faults?: readonly string[]
  /** The kinds of faults that come, of which each seed draws some. Default: all that come unasked. */
  readonly kinds?: readonly string[]
  /** More kinds, which come in some of the seeds. */
  readonly sometimes?: readonly string[]
  readonly liveness?: Partial<LivenessBounds>
}

export function namedStack<Result, Answer>({
  name,
  description,
  stack,
  faults = [],
  kinds,
  sometimes = [],
  liveness = {},
}: StackDescription<Result, Answer>): NamedStack {
  const drawn = kinds === undefined ? { sometimes } : { sometimes, faults: kinds }
  return {
    name,
    description,
    faults: [...faultsCounted, ...faults],
    simulate: (options) => simulate({ ...drawn, ...options, stack, liveness }),
    reduce: (options, failed) => reduceFailure({ ...drawn, ...options, stack, liveness }, failed),
  }
}
