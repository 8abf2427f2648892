import { RaftError } from '@raft/core'
import type { Outcome } from '../run/simulate.js'
import type { ReducedFailure } from './reduce.js'

/** A seed under which an oracle was broken. The message has all there is to know. */
export class SimulationFailedError extends RaftError {
  readonly outcome: Outcome

  constructor(outcome: Outcome, message: string) {
    super('SIMULATION_FAILED', message)
    this.outcome = outcome
  }
}

/** What a reader needs: which promise was broken, under which seed, how to see it again, and what happened around it. */
export function describeFailure(failed: Outcome, reduced: ReducedFailure): string {
  const { outcome, reduction, runs } = reduced
  const { only, calm } = reduction
  const { violation, plan, transcript } = outcome
  if (violation === null) return `seed ${failed.seed}: nothing was broken`
  const { links, disks, tuning } = plan
  return [
    `seed ${failed.seed} broke "${violation.oracle}": ${violation.message}`,
    `reduced in ${runs} runs: ${failed.events} events to ${outcome.events}, ${failed.faults} faults to ${only.length}${only.length > 0 ? ` (numbers ${only.join(', ')})` : ''}`,
    `calm: ${calm.join(', ') || 'nothing'}`,
    `members ${plan.memberIds.join(' ')}; links ${JSON.stringify(links)}; disks ${JSON.stringify(disks)}; tuning ${JSON.stringify(tuning)}`,
    `what happened last, in virtual ms, and where the members are:`,
    ...transcript,
  ].join('\n')
}
