import type { MemberId } from '@raft/core'

/**
 * A sum that a part of the transport keeps, beside the same sum taken anew over everything that is there. The two are equal whenever no
 * call of the transport is under way.
 *
 * @internal for simulations, which compare the two
 */
export interface HeldSum {
  readonly name: string
  readonly kept: number
  readonly there: number
  /** Whether it is zero once everything that was sent in the current session has been acknowledged. */
  readonly isZeroAtRest: boolean
}

/** @internal */
export interface TransportSum extends HeldSum {
  /** With whom; null for a sum over all peers. */
  readonly peer: MemberId | null
}
