import type { PlanOptions } from '@raft/simulator'
import type { SeedOptions } from '../stacks/named-stack.js'
import { stackNamed } from '../stacks/stacks.js'

/** Seeds to simulate, in this order, until an oracle is broken. */
export interface RunnerTask {
  readonly stack: string
  readonly seeds: readonly number[]
  readonly options: PlanOptions
}

export interface RunnerReport {
  /** How many seeds were simulated, the one that broke an oracle included. */
  readonly seeds: number
  readonly events: number
  /** Seconds of processor time that simulating them took, user and system. */
  readonly processor: number
  readonly found: { readonly seed: number; readonly oracle: string; readonly message: string } | null
}

/** Runs in a process of its own, on whatever sources it was bundled with: tasks in, one report each out. */
const tasks = JSON.parse(process.argv[2] ?? '[]') as readonly RunnerTask[]
for (const task of tasks) process.stdout.write(`${JSON.stringify(await run(task))}\n`)

async function run({ stack, seeds, options }: RunnerTask): Promise<RunnerReport> {
  const named = stackNamed(stack)
  let count = 0
  let events = 0
  const before = process.cpuUsage()
  const work = () => {
    const { user, system } = process.cpuUsage(before)
    return { seeds: count, events, processor: (user + system) / 1e6 }
  }
  for (const seed of seeds) {
    const simulation: SeedOptions & PlanOptions = { ...options, seed }
    const outcome = await named.simulate(simulation)
    count += 1
    events += outcome.events
    if (outcome.violation === null) continue
    const { oracle, message } = outcome.violation
    return { ...work(), found: { seed, oracle, message } }
  }
  return { ...work(), found: null }
}
