/** A seed that once found something. It runs with every test run. */
export interface Regression {
  readonly stack: string
  readonly seed: number
  readonly found: string
}

export const regressions: readonly Regression[] = []
