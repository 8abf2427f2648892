/** Why a request was sent again. */
export type RetryReason = 'notLeader' | 'noLeader' | 'stopping' | 'overloaded' | 'deadline' | 'connection' | 'silence' | 'unknown'

/** Counters since the client was made, and what is there now. */
export interface ClientStatistics {
  /** Calls that were accepted. */
  readonly requests: number
  readonly succeeded: number
  readonly failed: number
  readonly timeouts: number
  readonly aborted: number
  readonly outcomesUnknown: number
  /** Requests that were queued again, by reason. */
  readonly retries: Readonly<Record<RetryReason, number>>
  /** Connections on which a member has answered with its preamble. */
  readonly connects: number
  /** Connections that could not be made, or whose member never answered. */
  readonly connectFailures: number
  /** Connections that were lost after that. */
  readonly disconnects: number
  /** Times that the client began to send to another member than before. */
  readonly leaderChanges: number
  /** Requests for status that were sent to find the leader. */
  readonly probes: number
  /** Socket writes, and their bytes. */
  readonly socketWrites: number
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Answers to requests that had been given up. */
  readonly lateResponses: number
  /** Sent and not answered. */
  readonly pending: number
  readonly pendingBytes: number
  /** Not sent yet. */
  readonly waiting: number
  readonly waitingBytes: number
  /** Address of the member that the client takes for the leader. */
  readonly leader: string | null
}

/** The counters themselves: mutable, and shared by the parts of one client. */
export class Counters {
  requests = 0
  succeeded = 0
  failed = 0
  timeouts = 0
  aborted = 0
  outcomesUnknown = 0
  retries: Record<RetryReason, number> = {
    notLeader: 0,
    noLeader: 0,
    stopping: 0,
    overloaded: 0,
    deadline: 0,
    connection: 0,
    silence: 0,
    unknown: 0,
  }
  connects = 0
  connectFailures = 0
  disconnects = 0
  leaderChanges = 0
  probes = 0
  socketWrites = 0
  bytesSent = 0
  bytesReceived = 0
  lateResponses = 0
}
