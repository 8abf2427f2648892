import { fork } from 'node:child_process'
import { Statistics, type StatisticsData } from '@raft/simulator'
import type { SeedOptions } from '../stacks/named-stack.js'
import { stackNamed } from '../stacks/stacks.js'

/** The options that are the same for all seeds. */
type RunShape = Pick<SeedOptions, 'character' | 'length'>

export interface BatchOptions {
  readonly stack: string
  readonly shape: RunShape
  readonly from: number
  readonly seeds: number
  /** Processes at once. */
  readonly jobs: number
  /** Ends then, although seeds are left. Real ms. */
  readonly budget: number
  readonly onProgress: (statistics: Statistics) => void
}

/** What one process is to do: every `step`th seed from `from` on, up to `end` (not included). */
export interface WorkerTask {
  readonly stack: string
  readonly shape: RunShape
  readonly from: number
  readonly step: number
  readonly end: number
  readonly budget: number
}

export type WorkerReport =
  /** `last` is the highest seed so far. */
  | { readonly type: 'done'; readonly statistics: StatisticsData; readonly last: number }
  | { readonly type: 'failed'; readonly seed: number }
  /** Nothing comes after it. A process that ends without has died on its way. */
  | { readonly type: 'ended' }

export interface BatchResult {
  readonly statistics: Statistics
  /** The highest seed that was simulated; some below it may not have been. */
  readonly lastSeed: number
  /** The lowest seed that a process found to break an oracle, or null. */
  readonly failedSeed: number | null
}

/** Runs many seeds in several processes. When one finds a failure, all end. */
export async function runBatch({ stack, shape, from, seeds, jobs, budget, onProgress }: BatchOptions): Promise<BatchResult> {
  const statistics = new Statistics(stackNamed(stack).faults)
  const failedSeeds: number[] = []
  let lastSeed = from
  const workers: { stop: () => void; ended: Promise<void> }[] = []
  const report = (message: WorkerReport) => {
    if (message.type === 'done') {
      statistics.merge(message.statistics)
      lastSeed = Math.max(lastSeed, message.last)
    }
    if (message.type === 'failed') {
      failedSeeds.push(message.seed)
      for (const { stop } of workers) stop()
    }
    onProgress(statistics)
  }
  for (let job = 0; job < jobs; job++)
    workers.push(startWorker({ stack, shape, from: from + job, step: jobs, end: from + seeds, budget }, report))
  await Promise.all(workers.map(({ ended }) => ended))
  return { statistics, lastSeed, failedSeed: failedSeeds.length === 0 ? null : Math.min(...failedSeeds) }
}

function startWorker(task: WorkerTask, onReport: (report: WorkerReport) => void): { stop: () => void; ended: Promise<void> } {
  const child = fork(new URL('./worker.js', import.meta.url), { serialization: 'advanced' })
  let hasEnded = false
  child.on('message', (message) => {
    const report = message as WorkerReport
    if (report.type === 'ended') hasEnded = true
    onReport(report)
  })
  // One that has died already cannot be told: how it ended says more than that.
  child.send(task, () => {})
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (hasEnded) resolve()
      else reject(new Error(`a process that simulates seeds from ${task.from} on ended with ${signal ?? `code ${code}`}`))
    })
  })
  const stop = () => {
    hasEnded = true
    child.kill()
  }
  return { stop, ended }
}
