/** A seed that once found something. It runs with every test run. */
export interface Regression {
  readonly stack: string
  readonly seed: number
  readonly found: string
}

export const regressions: readonly Regression[] = [
  {
    stack: 'server',
    seed: 2679,
    found: 'the check of liveness took an answer of a member that was about to stop for the end of its recovery',
  },
]
