import type { EntryBatch } from './entry-batch.js'
import type { Message } from './message.js'
import type { MemberId } from './types.js'

/** What can happen to a member. */
export type Event =
  /** `nextDeadline` has come. Harmless before that. */
  | { readonly type: 'tick' }
  | { readonly type: 'message'; readonly from: MemberId; readonly message: Message }
  /** The system says that nobody listens at the peer's address. Counts where the peer leads and has been silent for two heartbeat intervals. */
  | { readonly type: 'unreachable'; readonly peer: MemberId }
  /** The write of this number is durable. */
  | { readonly type: 'written'; readonly number: number }
  | { readonly type: 'fetched'; readonly requester: MemberId; readonly entries: EntryBatch }
  /** The state machine has applied everything up to `index`. */
  | { readonly type: 'applied'; readonly index: number }
