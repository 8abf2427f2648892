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

/** The member cannot start; the message says why and what to do, in one line. */
export class StartError extends RaftError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('RAFT_START', message, options)
  }
}
