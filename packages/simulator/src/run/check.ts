import type { StateMachine } from '@raft/core'
import type { Applied } from '../clients/direct-clients.js'
import type { StackFactory } from '../cluster/stack.js'
import { defaultStack } from '../defaults/default-stack.js'
import type { PlanOptions } from '../faults/plan.js'
import { describeFailure, SimulationFailedError } from '../report/failure.js'
import { reduceFailure } from '../report/reduce.js'
import { Statistics } from '../report/statistics.js'
import type { Prng } from '../world/prng.js'
import { type SimulationOptions, simulate } from './simulate.js'

interface Seeds extends PlanOptions {
  /** How many seeds. Default 100. */
  readonly seeds?: number
  /** The first of them. Default 1. */
  readonly from?: number
}

/** Your own state machine, on a simulated network and simulated disks. */
export interface StateMachineCheck<Result> extends Seeds {
  /** A new and empty one. */
  readonly stateMachine: () => StateMachine<Result>
  /** A command, drawn at random. */
  readonly command: (random: Prng) => Uint8Array
  /** What it holds, in a few letters: members that have applied the same must give the same. */
  readonly digest?: (machine: StateMachine<Result>) => string
}

/** Your own stack, of any parts. */
export interface StackCheck<Result, Answer> extends Seeds {
  readonly stack: StackFactory<Result, Answer>
}

export type CheckOptions<Result, Answer = Applied<Result>> = StateMachineCheck<Result> | StackCheck<Result, Answer>

/**
 * Simulates one cluster a seed, each with faults of its own, and makes the first failure as simple as it can.
 *
 * @throws SimulationFailedError with the seed, the promise that was broken, and what happened
 */
export async function check<Result, Answer = Applied<Result>>(options: CheckOptions<Result, Answer>): Promise<Statistics> {
  return 'stack' in options ? await checkStack(options) : await checkStack({ ...options, stack: defaultStack(options) })
}

async function checkStack<Result, Answer>(options: StackCheck<Result, Answer>): Promise<Statistics> {
  const { seeds = 100, from = 1 } = options
  const statistics = new Statistics()
  for (let seed = from; seed < from + seeds; seed++) {
    const simulation: SimulationOptions<Result, Answer> = { ...options, seed }
    const outcome = await simulate(simulation)
    statistics.add(outcome)
    if (outcome.violation === null) continue
    const message = describeFailure(outcome, await reduceFailure(simulation, outcome))
    throw new SimulationFailedError(outcome, message)
  }
  return statistics
}
