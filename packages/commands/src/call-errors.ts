import { RequestError, type StoreError } from './errors.js'

/**
 * The write was sent, and no answer says what became of it: it may have taken effect, or may yet. Read before you write again, or
 * do again only what is safe to do twice.
 */
export class OutcomeUnknownError extends RequestError {
  constructor(reason: string, options?: { cause?: unknown }) {
    super(
      'RAFT_OUTCOME_UNKNOWN',
      `the outcome of the write is unknown (${reason}): it may have taken effect, or may yet; read before you write again`,
      true,
      options,
    )
  }
}

/** Not done within its `timeout`, and certainly without effect. A write that was sent gets `OutcomeUnknownError` instead. */
export class TimeoutError extends RequestError {
  constructor(timeout: number, last: StoreError | null) {
    const why = last === null ? '' : ` (last: ${last.message})`
    super(
      'RAFT_TIMEOUT',
      `not done within ${timeout} ms${why}; it has had no effect and will have none`,
      false,
      last === null ? undefined : { cause: last },
    )
  }
}

/** The call's AbortSignal fired. The `cause` is the signal's reason. */
export class AbortedError extends RequestError {
  constructor(outcomeUnknown: boolean, reason: unknown) {
    const effect = outcomeUnknown ? 'the write was sent, so that its outcome is unknown' : 'it has had no effect'
    super('RAFT_ABORTED', `aborted: ${effect}`, outcomeUnknown, { cause: reason })
  }
}

/** Too much is waiting: in this process, or in the cluster until the request's time was over. */
export class OverloadedError extends RequestError {
  constructor(what: string) {
    super('RAFT_OVERLOADED', `too much is waiting (${what}): try again when some of it has finished`, false)
  }
}

/** No member led; the message says what came of asking each. Met as the `cause` of a `TimeoutError`. */
export class NoLeaderError extends RequestError {
  constructor(what: string) {
    super('RAFT_NO_LEADER', `no member leads (${what})`, false)
  }
}

/** The cluster refused the request for what it is: doing it again will not help. `code` is the one that the member answered with. */
export class RefusedError extends RequestError {
  constructor(code: string, message: string) {
    super(code, message, false)
  }
}

/** The request is larger than the member takes. It was not sent, or was refused; the outcome of other requests is not touched. */
export class CommandTooLargeError extends RefusedError {
  constructor(message: string) {
    super('RAFT_COMMAND_TOO_LARGE', message)
  }

  static of(bytes: number, limit: number): CommandTooLargeError {
    return new CommandTooLargeError(`a request of ${bytes} bytes is over the limit of ${limit}: split it`)
  }
}

/** The client was closed, or the member in which the store is embedded was stopped. */
export class ClosedError extends RequestError {
  constructor(what = 'the client is closed', options?: { cause?: unknown }) {
    super('RAFT_CLOSED', what, false, options)
  }
}

/** A key that no store accepts: it must have 1 to 65,535 bytes, and a string must be text, without lone surrogates. */
export class KeyError extends RequestError {
  constructor(message: string) {
    super('RAFT_KEY', message, false)
  }
}

/** A value that the codec does not accept, or that is too large. */
export class ValueError extends RequestError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('RAFT_VALUE', message, false, options)
  }
}

/** An option has a value that cannot work. */
export class ConfigurationError extends RequestError {
  constructor(message: string) {
    super('RAFT_CONFIGURATION', message, false)
  }
}
