import { RaftError } from '@raft/core'

/** No leader could be reached in time; the message says why, as far as this member knows. Nothing was appended; try again later. */
export class NoLeaderError extends RaftError {
  /** @param waited in ms */
  constructor(waited: number, why: string) {
    super('RAFT_NO_LEADER', `no leader could be reached within ${Math.round(waited)} ms: ${why}`)
  }
}

/** The store or the leader refused the request: it certainly has had no effect. The code tells why. */
export class RefusedError extends RaftError {}

/** A string with lone surrogates, which has no bytes of its own in UTF-8. Nothing was done; give the bytes instead. */
export class TextError extends RaftError {
  constructor(what: string) {
    super('RAFT_NOT_TEXT', `${what} has lone surrogates, which UTF-8 cannot hold: give the bytes as a Uint8Array`)
  }
}

/** The member cannot start; the message says why and what to do, in one line. */
export class StartError extends RaftError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('RAFT_START', message, options)
  }
}
