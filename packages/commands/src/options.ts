import { ConfigurationError } from './call-errors.js'

/** How much a read must know; the number stands in the client protocol. */
export const ConsistencyCode = {
  /** As of now: leadership is confirmed by a majority. */
  linearizable: 1,
  /** As of now, on the leader's lease; as good as its clocks. */
  lease: 2,
  /** What the member asked has applied: may be old. */
  local: 3,
} as const

export type Consistency = keyof typeof ConsistencyCode

/** What every call takes. */
export interface CallOptions {
  /** Milliseconds for all attempts together; Infinity: no limit. Default `requestTimeout`. */
  readonly timeout?: number
  /** Gives the call up. A write that was sent may take effect all the same: see `AbortedError.outcomeUnknown`. */
  readonly signal?: AbortSignal
}

export interface ReadOptions extends CallOptions {
  /** Default `linearizable`. */
  readonly consistency?: Consistency
}

export interface WriteOptions extends CallOptions {
  /**
   * Allows the client to send the write again although an earlier attempt may have taken effect. It may then take effect more
   * than once, also *after* later writes of others, whose effect it undoes: say so only where nobody else writes the key, or where
   * the last of several repeats may win. Default false: the call rejects with `OutcomeUnknownError` instead.
   */
  readonly idempotent?: boolean
}

/** From here on a timer would overflow: as good as never. */
const FOREVER = 2 ** 31 - 1

/** @throws ConfigurationError unless it is over 0; what no timer can hold is Infinity. */
export function checkTimeout(name: string, value: number | undefined, byDefault: number): number {
  if (value === Number.POSITIVE_INFINITY) return value
  const timeout = positive(name, value, byDefault)
  return timeout >= FOREVER ? Number.POSITIVE_INFINITY : timeout
}

/** @throws ConfigurationError for what is no AbortSignal. */
export function checkSignal(signal: AbortSignal | undefined): AbortSignal | null {
  if (signal === undefined || signal === null) return null
  if (typeof signal.aborted !== 'boolean' || typeof signal.addEventListener !== 'function')
    throw new ConfigurationError('signal: an AbortSignal was expected')
  return signal
}

/** @throws ConfigurationError unless it is a finite number over 0. */
export function positive(name: string, value: number | undefined, byDefault: number): number {
  if (value === undefined) return byDefault
  if (typeof value !== 'number' || !(value > 0) || value === Number.POSITIVE_INFINITY)
    throw new ConfigurationError(`${name}: a number over 0 was expected, not ${String(value)}`)
  return value
}

/** @throws ConfigurationError unless it is one of the three. */
export function checkConsistency(consistency: Consistency = 'linearizable'): Consistency {
  if (!Object.hasOwn(ConsistencyCode, consistency)) throw new ConfigurationError(`consistency: unknown ${String(consistency)}`)
  return consistency
}
