import { Bench } from 'tinybench'
import type { Measured, Recorder } from '../recorder.js'

/** One thing to time. `count` of it are done by each call. */
export interface Timed extends Measured {
  readonly count?: number
  /** Done before each call, and not timed. */
  readonly prepare?: () => void
  readonly run: () => void
}

/** Times each for `duration` ms a round, in turn. Records µs for each one of `count`. */
export async function timeInTurn(recorder: Recorder, tasks: readonly Timed[], rounds: number, duration: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const { run, prepare, count = 1, ...measured } of tasks) {
      const bench = new Bench({ time: duration, warmupTime: duration / 4, iterations: 1, warmupIterations: 1, throws: true })
      const task = bench.add(measured.what, run, prepare === undefined ? {} : { beforeEach: prepare }).getTask(measured.what)
      await bench.run()
      const result = task?.result
      if (result?.state !== 'completed') throw new Error(`${measured.what} (${measured.at}) was not measured: ${result?.state}`)
      recorder.add(measured, (result.latency.mean * 1000) / count)
    }
  }
}
