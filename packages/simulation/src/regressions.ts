/** A seed that once found something. It runs with every test run. */
export interface Regression {
  readonly stack: string
  readonly seed: number
  readonly found: string
}

export const regressions: readonly Regression[] = [
  {
    stack: 'core',
    seed: 3003759,
    found: 'timers that were set while the simulated clock was slow stayed late when the clock was right again',
  },
  { stack: 'storage', seed: 3008647, found: 'clients asked a paused process for ever, and all of it came in one moment' },
  { stack: 'server', seed: 3004803, found: 'a simulated stream sent again what a cut had swallowed piece by piece, one a timeout' },
  {
    stack: 'server',
    seed: 2679,
    found: 'the check of liveness took an answer of a member that was about to stop for the end of its recovery',
  },
  {
    stack: 'directories',
    seed: 270,
    found: 'an older copy of a directory, whose first start was cut short, counted past what the others knew when it was started again',
  },
  {
    stack: 'server',
    seed: 20363,
    found:
      'a client whose request for status was lost with a connection that had just brought something else waited for its answer for ever',
  },
]
