import { Suite, type SuiteOptions } from '../suite.js'
import { declareDurability } from './durability.js'
import type { Base } from './model.js'
import { declareReading } from './reading.js'
import { declareSchedules } from './schedules.js'
import { type LogStoragePlace, Session } from './session.js'
import { declareWriting } from './writing.js'

/**
 * What a log storage may lack. `reopen`: a later instance finds what an earlier one stored. `crash`: the place can stage one.
 * `exclusion`: a second opener is refused. `base`: a new log can begin behind an index.
 */
export type LogStorageFeature = 'reopen' | 'crash' | 'exclusion' | 'base'

export interface LogStorageSuiteOptions extends SuiteOptions<LogStorageFeature> {
  /** A new, empty place, whose log begins behind `base`: index 0 of term 0 where that is unsupported. */
  readonly make: (base: Base) => LogStoragePlace | Promise<LogStoragePlace>
  /** How many random schedules are run. Default 20. */
  readonly seeds?: number
}

export class LogStorageSuite extends Suite<LogStorageFeature> {
  readonly #make: LogStorageSuiteOptions['make']
  readonly seeds: number

  constructor(options: LogStorageSuiteOptions) {
    super(options, ['reopen', 'crash', 'exclusion', 'base'])
    this.#make = options.make
    this.seeds = options.seeds ?? 20
  }

  /** A body that runs `scenario` on a new place. */
  on(scenario: (session: Session) => Promise<void>, base: Base = { index: 0, term: 0 }): () => Promise<void> {
    return async () => {
      const session = new Session(await this.#make(base), base, this.timeout)
      try {
        await scenario(session)
      } catch (error) {
        await session.endAfter(error)
      }
      await session.end()
    }
  }
}

/** Declares the tests of the `LogStorage` port. @throws ConfigurationError for an unknown feature. */
export function logStorageSuite(options: LogStorageSuiteOptions): void {
  const suite = new LogStorageSuite(options)
  declareWriting(suite)
  declareReading(suite)
  declareDurability(suite)
  declareSchedules(suite)
}
