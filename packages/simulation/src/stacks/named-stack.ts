import { type Outcome, type ReducedFailure, type Reduction, reduceFailure, type StackFactory, simulate } from '@raft/simulator'

export interface SeedOptions extends Reduction {
  readonly seed: number
  readonly keptTraceLines?: number
}

/** A stack that can be asked for by name. */
export interface NamedStack {
  readonly name: string
  readonly description: string
  simulate(options: SeedOptions): Promise<Outcome>
  reduce(options: SeedOptions, failed: Outcome): Promise<ReducedFailure>
}

export function namedStack<Result, Answer>(name: string, description: string, stack: StackFactory<Result, Answer>): NamedStack {
  return {
    name,
    description,
    simulate: (options) => simulate({ ...options, stack }),
    reduce: (options, failed) => reduceFailure({ ...options, stack }, failed),
  }
}
