/** Base of every error of the client and its protocol. `code` is stable across versions; the message is for people. */
export class ClientError extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message)
    this.code = code
    this.name = new.target.name
    if (options !== undefined && 'cause' in options) this.cause = options.cause
  }
}

/** Bytes that are not of this protocol, or of a version that does not fit. The connection that brought them is of no more use. */
export class ProtocolError extends ClientError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('RAFT_PROTOCOL', message, options)
  }
}
