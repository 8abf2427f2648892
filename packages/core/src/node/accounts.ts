import type { State } from '../state.js'
import type { MemberId } from '../types.js'

/** What a leader takes for sent to one follower and not acknowledged. */
export interface InflightAccount {
  readonly id: MemberId
  readonly messages: number
  readonly bytes: number
  /** When it counts as lost, by the clock of the node, in ms; Infinity while nothing is in flight. */
  readonly resendAt: number
  /** Entries are being fetched from storage for this follower. */
  readonly isFetching: boolean
}

/** A number that is kept, and what it comes to when it is counted. */
export interface Account {
  readonly kept: number
  readonly counted: number
}

/** The books of a node. Whatever is kept as a sum must equal what it is the sum of; `State` and what waits in `Node` must agree. */
export interface NodeAccounts {
  readonly proposals: Account
  readonly proposalBytes: Account
  readonly reads: Account
  /** Tickets for reads that are to be confirmed: those that State has yet to confirm, and those under which reads wait. */
  readonly readTickets: Account
  readonly windowBytes: Account
  /** Empty unless this member leads. */
  readonly inflight: readonly InflightAccount[]
  /** The clock of the node, in ms. */
  readonly now: number
}

interface WaitingProposals {
  readonly count: number
  readonly bytes: number
  counted(): { readonly count: number; readonly bytes: number }
}

interface WaitingReads {
  readonly count: number
  readonly tickets: number
  counted(): number
}

/** @param now in ms, by the clock that State is given */
export function accountsOf(state: State | null, proposals: WaitingProposals, reads: WaitingReads, now: number): NodeAccounts {
  const waiting = proposals.counted()
  return {
    proposals: { kept: proposals.count, counted: waiting.count },
    proposalBytes: { kept: proposals.bytes, counted: waiting.bytes },
    reads: { kept: reads.count, counted: reads.counted() },
    readTickets: { kept: state?.readTickets ?? 0, counted: reads.tickets },
    windowBytes: {
      kept: state?.log.windowBytes ?? 0,
      counted: (state?.log.window ?? []).reduce((sum, { byteLength }) => sum + byteLength, 0),
    },
    inflight: inflightOf(state),
    now,
  }
}

function inflightOf(state: State | null): InflightAccount[] {
  return [...(state?.progress ?? [])].map(([id, { inflight, resendAt, isFetching }]) => ({ id, ...inflight, resendAt, isFetching }))
}
