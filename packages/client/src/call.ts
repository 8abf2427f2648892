import type { StoreError } from '@raft/commands'
import type { Link } from './link.js'

/** Where a request may be sent: to the leader only, to any member, or to the member at `address`. */
export type Route = 'leader' | 'any' | { readonly address: string }

/** One request of the user, from the call to its answer, over however many attempts. */
export class Call {
  /** Order of the calls; it is kept when calls are queued again. */
  readonly sequence: number
  readonly kind: number
  readonly body: Uint8Array
  readonly route: Route
  /** Whether it changes anything: then it is never sent twice unless that is known to be safe. */
  readonly isWrite: boolean
  /** The caller says that a write may take effect more than once. */
  readonly idempotent: boolean
  /** Milliseconds, as the caller gave them; Infinity: none. */
  readonly timeout: number
  /** In the clock's time. */
  readonly deadline: number
  /** Takes the answer. @throws ProtocolError when the body is not what was asked for. */
  readonly onResult: (kind: number, body: Uint8Array) => void
  readonly onError: (error: StoreError) => void
  /** Takes the listener off the caller's signal. */
  release: (() => void) | null = null
  settled = false
  /** An earlier attempt was sent and left open what became of it; only ever true for idempotent writes. */
  tainted = false
  /** Where the present attempt was sent, and under which id; null while it waits. */
  link: Link | null = null
  id = 0
  /** Where it was taken back for silence, and under which ids: the first answer counts, from wherever it comes. Null: nowhere. */
  left: Map<Link, number> | null = null
  /** Why the last attempt failed. */
  last: StoreError | null = null

  constructor(sequence: number, request: CallRequest, deadline: number) {
    this.sequence = sequence
    this.kind = request.kind
    this.body = request.body
    this.route = request.route
    this.isWrite = request.isWrite
    this.idempotent = request.idempotent
    this.timeout = request.timeout
    this.deadline = deadline
    this.onResult = request.onResult
    this.onError = request.onError
  }

  /** Whether it may have taken effect, or may yet. */
  get outcomeUnknown(): boolean {
    return this.isWrite && (this.link !== null || this.tainted)
  }
}

export interface CallRequest {
  readonly kind: number
  readonly body: Uint8Array
  readonly route: Route
  readonly isWrite: boolean
  readonly idempotent: boolean
  readonly timeout: number
  readonly signal: AbortSignal | null
  readonly onResult: (kind: number, body: Uint8Array) => void
  readonly onError: (error: StoreError) => void
}
