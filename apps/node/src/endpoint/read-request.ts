import { decodeGet, decodeRange, type Request, RequestKind, type ServerEndpoint } from '@raft/client/protocol'
import type { Consistency } from '@raft/commands'
import type { RaftError } from '@raft/core'
import type { Proposer, ReadableStore } from '../store/key-value-service.js'

/** A read, ready to be answered. */
export interface ReadRequest {
  readonly consistency: Consistency
  /** Reads the store and gives the endpoint the answer. @throws what the store throws */
  readonly answer: () => void
}

/** @throws ProtocolError when the body is not that of a read */
export function readRequest({ id, kind, body }: Request, endpoint: ServerEndpoint, store: ReadableStore): ReadRequest {
  if (kind === RequestKind.Get) {
    const { consistency, key } = decodeGet(body)
    return { consistency, answer: () => endpoint.get(id, { revision: store.revision, entry: store.get(key) }) }
  }
  const { consistency, range } = decodeRange(body)
  return { consistency, answer: () => endpoint.range(id, store.range(range)) }
}

/** Reads that came together: one confirmation of the leader serves all. */
export class ReadBatch {
  #reads: (() => void)[] = []
  #failures: ((error: RaftError) => void)[] = []

  /** Reads that were added and not started. */
  get count(): number {
    return this.#reads.length
  }

  add(read: () => void, fail: (error: RaftError) => void): void {
    this.#reads.push(read)
    this.#failures.push(fail)
  }

  /** Confirms, and then carries out, all that was added. */
  start(node: Proposer): void {
    if (this.#reads.length === 0) return
    const reads = this.#reads
    const failures = this.#failures
    this.#reads = []
    this.#failures = []
    node.submitRead((error) => {
      if (error === null) for (const read of reads) read()
      else for (const fail of failures) fail(error)
    })
  }
}
