import type { Clock } from '@raft/core'
import type { NodeLogger } from '../options.js'
import { rarely } from '../rarely.js'

const NO_DESCRIPTOR =
  'a file of the log cannot be opened, for the process has as many files open as it may have: what needs it waits, writes among it, and ' +
  'is tried again. Raise the limit of open files (ulimit -n, or LimitNOFILE of systemd), and look for what holds so many'

/** Counts how often there was no file descriptor for a file of the log, and says so, at most once a minute. */
export class Shortages {
  readonly #times = new Map<string, number>()
  readonly #tell: () => void

  constructor(clock: Clock, logger: NodeLogger) {
    this.#tell = rarely(clock, (times) => logger.warn({ times }, NO_DESCRIPTOR))
  }

  /** By what the descriptor was for. */
  get times(): ReadonlyMap<string, number> {
    return this.#times
  }

  count(what: string): void {
    this.#times.set(what, (this.#times.get(what) ?? 0) + 1)
    this.#tell()
  }
}
