import type { Recorder } from './recorder.js'

export interface SuiteOptions {
  /** How often everything is measured. Default 5. */
  readonly rounds: number
  /** How long one measurement lasts, in ms. */
  readonly duration: number
  /** A directory of its own on the disk that is measured; it is empty, and removed afterwards. */
  readonly directory: string
  /** Tells what is going on, one line at a time. */
  readonly say: (line: string) => void
}

/** One part that can be measured alone. */
export interface Suite {
  readonly name: string
  readonly description: string
  /** Packages outside the house whose versions belong to the figures. */
  readonly versions?: readonly string[]
  /** The same of programs. */
  readonly programs?: readonly string[]
  /** Measures; rounds of what is compared are interleaved. */
  run(recorder: Recorder, options: SuiteOptions): Promise<void>
}
