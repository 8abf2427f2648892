import { ConfigurationError } from '@raft/core'

/** What declares a test: `test` of vitest, node:test or Jest, or anything called like them. */
export interface TestFunction {
  (name: string, body: () => Promise<void>): unknown
  /** Declares a test that is shown as skipped. Where it is missing, its name says so. */
  readonly skip?: (name: string, body: () => Promise<void>) => unknown
}

/** What the suites have in common. */
export interface SuiteOptions<Feature extends string> {
  readonly test: TestFunction
  /** What the implementation does not do. Its tests are declared as skipped, under names that say why. Default: none. */
  readonly unsupported?: readonly Feature[]
  /** How long a test waits for any one thing, in milliseconds, before it fails. Default 10,000. vitest and Jest give up a whole test after 5,000 by default. */
  readonly timeout?: number
}

/** Declares tests, those of unsupported features as skipped. */
export class Suite<Feature extends string> {
  readonly timeout: number
  readonly #test: TestFunction
  readonly #unsupported: ReadonlySet<Feature>

  /** @throws ConfigurationError for a feature that is none of `features`. */
  constructor(options: SuiteOptions<Feature>, features: readonly Feature[]) {
    const { test, unsupported = [], timeout = 10_000 } = options
    for (const feature of unsupported) {
      if (!features.includes(feature))
        throw new ConfigurationError(`unsupported names ${JSON.stringify(feature)}: expected some of ${features.join(', ')}`)
    }
    this.timeout = timeout
    this.#test = test
    this.#unsupported = new Set(unsupported)
  }

  test(name: string, body: () => Promise<void>): void {
    this.#test(name, body)
  }

  /** A test of something that an implementation may declare unsupported. */
  testOf(feature: Feature, name: string, body: () => Promise<void>): void {
    if (!this.#unsupported.has(feature)) {
      this.#test(name, body)
      return
    }
    const declare = this.#test.skip ?? this.#test
    declare(`${name} [unsupported: ${feature}]`, async () => {})
  }

  supports(feature: Feature): boolean {
    return !this.#unsupported.has(feature)
  }
}
