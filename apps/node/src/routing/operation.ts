import { decodeError, ErrorCode, ResponseKind } from '@raft/client/protocol'
import { OutcomeUnknownError, RaftError } from '@raft/core'
import { RefusedError } from '../errors.js'

/** A request that only the leader can answer: how it is carried out here, and how by another member. */
export interface LeaderTask<T> {
  /** Whether it changes something: then it is never sent twice when its outcome is unknown. */
  readonly isWrite: boolean
  /** What it takes while it waits, in bytes. */
  readonly bytes: number
  /** Carries it out here, where this member leads. `done` is called once. */
  local(done: (error: RaftError | null, result: T | undefined) => void): void
  /** Its kind and body in the client protocol. */
  readonly kind: number
  body(): Uint8Array
  /** @throws ProtocolError */
  decode(kind: number, body: Uint8Array): T
}

/** What to do about a response of another member. */
export type Verdict<T> = { readonly result: T } | { readonly error: Error } | { readonly tryAgain: true }

/** Refusals after which another leader may still take the request. */
const RETRIABLE: ReadonlySet<string> = new Set([ErrorCode.NotLeader, ErrorCode.NoLeader, ErrorCode.Stopping])

export function judge<T>(task: LeaderTask<T>, kind: number, body: Uint8Array): Verdict<T> {
  try {
    if (kind !== ResponseKind.Error) return { result: task.decode(kind, body) }
    const error = decodeError(body)
    const retriable = RETRIABLE.has(error.code) || error.outcome === 'unknown'
    if (retriable && (!task.isWrite || error.outcome === 'notAppended')) return { tryAgain: true }
    if (error.outcome === 'notAppended') return { error: new RefusedError(error.code, error.message) }
    return { error: new OutcomeUnknownError(`the leader said: ${error.message}`) }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    const reason = `the leader's answer cannot be read: ${message}`
    return { error: task.isWrite ? new OutcomeUnknownError(reason) : new RaftError('RAFT_PROTOCOL', reason, { cause }) }
  }
}
