import { RequestError } from '@raft/commands'

/** A member could not be reached, or its connection broke. */
export class ConnectionError extends RequestError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('RAFT_CONNECTION', message, false, options)
  }
}
