/** Seeds that once found something, each with what it was. They run with every test run. */
export const REGRESSIONS: readonly { readonly seed: number; readonly found: string }[] = [
  { seed: 1440, found: 'a member that came back waiting out the patience that had grown while it was away' },
  { seed: 1584, found: 'the same, with a window of one message' },
]
