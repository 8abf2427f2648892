/** Seeds that once found something, each with what it was. They run with every test run. */
export const REGRESSIONS: readonly { readonly seed: number; readonly found: string }[] = []
