import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js'
import { LoadFailedError } from './load-failed-error.js'
import type { LoadPlan, LoadResult, Order } from './load-plan.js'

export interface Load extends Omit<LoadPlan, 'process' | 'processes'> {
  /** How many processes share the load. */
  readonly processes: number
  /** In ms, before anything counts. */
  readonly warmUp: number
  /** In ms. */
  readonly duration: number
  /** Whether every key is put first. */
  readonly isFilledFirst: boolean
  /** Called when what counts begins, and when it has ended. */
  readonly onBegin?: () => Promise<void>
  readonly onEnd?: () => Promise<void>
}

export interface LoadOutcome {
  /** Operations a second. */
  readonly rate: number
  readonly operations: number
  /** Latencies of all processes, in µs. */
  readonly latencies: Histogram
  /** What the processes of load took of the processors, in µs for each operation. */
  readonly processorTime: number
}

/** The load collects its garbage seldom, so that it takes less of the processors from those it measures. */
const HEAP = ['--initial-heap-size=512']
const PROGRAM = fileURLToPath(new URL('./load.js', import.meta.url))

/** Puts load on a cluster from processes of their own. @throws LoadFailedError when an operation fails */
export async function runLoad({ processes, warmUp, duration, isFilledFirst, onBegin, onEnd, ...plan }: Load): Promise<LoadOutcome> {
  const count = plan.rate === null ? Math.min(processes, plan.outstanding) : processes
  const children = Array.from({ length: count }, (_, process) => new LoadProcess(share(plan, process, count)))
  const all = <T>(order: Order['order']) => Promise.all(children.map((child) => child.tell<T>(order)))
  try {
    if (isFilledFirst) await all('fill')
    await all('start')
    await sleep(warmUp)
    await onBegin?.()
    await all('mark')
    await sleep(duration)
    await onEnd?.()
    return sumUp(await all<LoadResult>('stop'))
  } finally {
    for (const child of children) child.end()
  }
}

/** What of the load is this process's. */
export function share(plan: Omit<LoadPlan, 'process' | 'processes'>, process: number, processes: number): LoadPlan {
  const outstanding = Math.floor(plan.outstanding / processes) + (process < plan.outstanding % processes ? 1 : 0)
  return { ...plan, outstanding, rate: plan.rate === null ? null : plan.rate / processes, process, processes }
}

export function sumUp(results: readonly LoadResult[]): LoadOutcome {
  const failures = results.flatMap((result) => result.failures)
  if (failures.length > 0) throw new LoadFailedError(`operations failed while they were measured: ${failures.slice(0, 3).join('; ')}`)
  const [first, ...others] = results.map(({ latencies }) => decodeFromCompressedBase64(latencies))
  if (first === undefined) throw new Error('no process put any load')
  for (const other of others) first.add(other)
  const operations = results.reduce((sum, result) => sum + result.operations, 0)
  return {
    operations,
    rate: results.reduce((sum, result) => sum + result.operations / result.seconds, 0),
    latencies: first,
    processorTime: results.reduce((sum, result) => sum + result.processorTime, 0) / operations,
  }
}

/** One process of load, which answers one order at a time. */
class LoadProcess {
  readonly #child: ChildProcess

  constructor(plan: LoadPlan) {
    this.#child = fork(PROGRAM, [JSON.stringify(plan)], { execArgv: HEAP, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  }

  tell<T>(order: Order['order']): Promise<T> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null) => reject(new Error(`a process of load ended with ${code}`))
      this.#child.once('exit', onExit)
      this.#child.once('message', (message: { answer: T } | { error: string }) => {
        this.#child.off('exit', onExit)
        if ('error' in message) reject(new Error(`the load could not ${order}: ${message.error}`))
        else resolve(message.answer)
      })
      this.#child.send({ order })
    })
  }

  end(): void {
    this.#child.kill('SIGKILL')
  }
}
