import type { TestFunction } from '../../src/index.js'

/** The outcome of each test that `declare` declares: what it failed with, null when it passed, 'skipped' when it was. */
export async function outcomes(declare: (test: TestFunction) => void): Promise<Map<string, Error | 'skipped' | null>> {
  const tests: [string, () => Promise<void>][] = []
  const results = new Map<string, Error | 'skipped' | null>()
  declare(
    Object.assign((name: string, body: () => Promise<void>) => void tests.push([name, body]), {
      skip: (name: string) => void results.set(name, 'skipped'),
    }),
  )
  // Each has a place of its own, so that none need wait for another.
  await Promise.all(
    tests.map(async ([name, body]) => {
      const failure = await body().then(
        () => null,
        (error: Error) => error,
      )
      results.set(name, failure)
    }),
  )
  return results
}

export async function failures(declare: (test: TestFunction) => void): Promise<string[]> {
  return [...(await outcomes(declare))].filter(([, outcome]) => outcome instanceof Error).map(([name]) => name)
}
