import type { StateMachine } from '@raft/core'
import type { StackFactory } from '../cluster/stack.js'
import { type DefaultStackOptions, defaultStack } from '../defaults/default-stack.js'
import type { PlanOptions } from '../faults/plan.js'
import { describeFailure, SimulationFailedError } from '../report/failure.js'
import { reduceFailure } from '../report/reduce.js'
import { Statistics } from '../report/statistics.js'
import { type SimulationOptions, simulate } from './simulate.js'

interface Seeds extends PlanOptions {
  /** How many seeds. Default 100. */
  readonly seeds?: number
  /** The first of them. Default 1. */
  readonly from?: number
}

/** Your own state machine, on a simulated network and simulated disks. */
export interface CheckOptions<Machine extends StateMachine> extends Seeds, DefaultStackOptions<Machine> {}

/** Your own stack, of any parts. */
export interface StackCheckOptions<Result, Answer> extends Seeds {
  readonly stack: StackFactory<Result, Answer>
}

/**
 * Simulates clusters that replicate your state machine, one a seed, each with faults of its own.
 *
 * @throws SimulationFailedError with the seed, the promise that was broken, and what happened, as simple as it could be made
 */
export function check<Machine extends StateMachine>(options: CheckOptions<Machine>): Promise<Statistics> {
  return checkStack({ ...options, stack: defaultStack(options) })
}

/** As `check`, with a stack of your own: other storages, transports, clients. @throws SimulationFailedError */
export async function checkStack<Result, Answer>(options: StackCheckOptions<Result, Answer>): Promise<Statistics> {
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
