import { LINGER } from './close-gently.js'

/** How long clients may take over what they do. In ms. */
export interface Patience {
  /** Within this long a new connection must have introduced itself: by a whole preamble, the head of a request, or as a member. */
  readonly introduction: number
  /** Within this long the head of any later request must be complete. */
  readonly head: number
  /** Within this long a request must be complete, its body included. */
  readonly request: number
  /** How long a client may take to see that it was answered for the last time. */
  readonly linger: number
}

export const defaultPatience: Patience = { introduction: 10_000, head: 10_000, request: 60_000, linger: LINGER }
