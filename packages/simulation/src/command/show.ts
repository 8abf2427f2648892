import { describeFailure, type Outcome } from '@raft/simulator'
import type { NamedStack, SeedOptions } from '../stacks/named-stack.js'

/** Enough for every event of one seed. */
const ALL_LINES = 1e6

export interface ShowOptions extends SeedOptions {
  /** Every event, not only what went wrong. */
  readonly trace: boolean
  readonly print: (line: string) => void
}

/** Runs one seed and tells what happened. @returns whether every promise was kept */
export async function showSeed(stack: NamedStack, { trace, print, ...run }: ShowOptions): Promise<boolean> {
  const outcome = await stack.simulate(trace ? { ...run, keptTraceLines: ALL_LINES } : run)
  if (trace) for (const line of outcome.transcript) print(line)
  print(glance(stack.name, outcome))
  if (outcome.violation === null) return true
  const isReduced = run.only !== undefined
  if (trace || isReduced) print(`broke "${outcome.violation.oracle}": ${outcome.violation.message}`)
  if (!isReduced) await explainFailure(stack, run, outcome, print)
  return false
}

/** The failure, as simple as it can be made, and the command that shows it again. */
export async function explainFailure(
  stack: NamedStack,
  options: SeedOptions,
  failed: Outcome,
  print: (line: string) => void,
): Promise<void> {
  const { seed, character, length } = options
  const reduced = await stack.reduce(options, failed)
  const { only, calm } = reduced.reduction
  print(describeFailure(failed, reduced))
  const calmed = calm.length === 0 ? '' : ` --calm ${calm.join(',')}`
  const traits = Object.entries(character ?? {}).flatMap(([trait, isSo]) => (isSo ? [trait] : []))
  const shaped = [
    character === undefined ? '' : ` --character ${traits.join(',') || 'none'}`,
    length === undefined ? '' : ` --length ${length}`,
  ].join('')
  print(`to see it again: pnpm simulate --stack ${stack.name} --seed ${seed}${shaped} --only ${only.join(',') || 'none'}${calmed} --trace`)
}

function glance(name: string, { seed, hash, events, duration, faults, violation }: Outcome): string {
  const verdict = violation === null ? 'every promise kept' : `"${violation.oracle}" broken`
  return `${name} seed ${seed}: ${verdict}; ${events} events in ${Math.round(duration)} simulated ms, ${faults} faults, trace ${hash.toString(16)}`
}
