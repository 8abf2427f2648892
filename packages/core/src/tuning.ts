import { ConfigurationError } from './errors.js'

/** The knobs of the protocol; every one has a default. Times in milliseconds, sizes in bytes. */
export interface Tuning {
  /**
   * A follower that has heard nothing from a leader for this long, up to twice as long, drawn anew each time, asks to be elected. Where
   * the leader's process is gone, it asks within three times heartbeatInterval of the leader's last word. After a start, it asks within
   * two. A leader that hears no majority for this long steps down. Default 500.
   */
  electionTimeout: number
  /** How often a leader says that it leads. At most a third of electionTimeout. Default 50. */
  heartbeatInterval: number
  /** Entries in one message. One entry may be larger. Default 512 KiB. */
  maxAppendBytes: number
  /** Entries under way to one follower. Default 8 MiB. */
  maxInflightBytes: number
  /** Messages with entries under way to one follower. Default 256. */
  maxInflightMessages: number
  /**
   * Durable entries kept in memory; older ones are read back from storage. Entries that are applied, and that every member
   * that keeps up has, take at most a sixteenth of it, and 1 MiB. Default 64 MiB.
   */
  maxWindowBytes: number
  /**
   * Entries in one write to the own log; one entry may be larger. Votes wait for the write under way and the next at most,
   * and a long queue of entries is acknowledged piece by piece. Default 1 MiB.
   */
  maxWriteBytes: number
  /** Entries handed to the state machine at once. One entry may be larger. Default 1 MiB. */
  maxApplyBytes: number
}

export const defaultTuning: Tuning = {
  electionTimeout: 500,
  heartbeatInterval: 50,
  maxAppendBytes: 512 * 1024,
  maxInflightBytes: 8 * 1024 * 1024,
  maxInflightMessages: 256,
  maxWindowBytes: 64 * 1024 * 1024,
  maxWriteBytes: 1024 * 1024,
  maxApplyBytes: 1024 * 1024,
}

/** The defaults, with what is given in their place. @throws ConfigurationError naming the option. */
export function completeTuning(given: Partial<Tuning>): Tuning {
  const tuning = { ...defaultTuning }
  for (const key of Object.keys(defaultTuning) as (keyof Tuning)[]) {
    const value = given[key]
    if (value === undefined) continue
    if (!Number.isFinite(value) || value <= 0) throw new ConfigurationError(`${key}: a positive number is needed, not ${value}`)
    tuning[key] = value
  }
  if (tuning.heartbeatInterval * 3 > tuning.electionTimeout) {
    throw new ConfigurationError(
      `heartbeatInterval (${tuning.heartbeatInterval}) must be at most a third of electionTimeout (${tuning.electionTimeout}), so that one lost heartbeat does not cost an election`,
    )
  }
  return tuning
}
