import type { Clock, MemberId } from '@raft/core'

/** Why a transport reports a problem. A code never changes its meaning. */
export type TransportProblemCode =
  /** Large datagrams to the peer are lost again and again, while small ones arrive. */
  | 'RAFT_PATH_MTU'
  /** Somebody knows the secret, but is not among the members. */
  | 'RAFT_STRANGER'
  /** Somebody says hello under another secret, or for another cluster. */
  | 'RAFT_UNKNOWN_SECRET'
  /** The peer belongs to a cluster of other members. */
  | 'RAFT_OTHER_VOTERS'
  /** The peer runs on another directory than before. */
  | 'RAFT_DISK_LOST'
  /** The peer runs on an older copy of its directory. */
  | 'RAFT_DIRECTORY_ROLLED_BACK'
  /** Two processes run as the peer, or it runs on a copy of its directory that is older by one start. */
  | 'RAFT_MEMBER_RUNS_TWICE'
  /** The peer runs an older version than before. */
  | 'RAFT_OLDER_VERSION'
  /** Nothing comes from the peer, and nothing says why. */
  | 'RAFT_PEER_SILENT'
  /** Nobody listens at the peer's address. */
  | 'RAFT_PEER_PORT_CLOSED'
  /** What the peer sends arrives here, and what this member sends does not arrive there. */
  | 'RAFT_PEER_HEARS_NOTHING'
  /** What answers at the peer's address is no member. */
  | 'RAFT_PEER_FOREIGN'
  /** The name in the peer's address cannot be resolved. */
  | 'RAFT_PEER_UNRESOLVED'
  /** The system of this member sends nothing to the peer's address. */
  | 'RAFT_PEER_NO_ROUTE'
  /** The peer's address leads back to this member. */
  | 'RAFT_PEER_IS_SELF'
  /** The peer says hello to another member at this member's address. */
  | 'RAFT_WRONG_MEMBER'

/** A fault of the surroundings, which the owner of the members can mend. */
export interface TransportProblem {
  readonly code: TransportProblemCode
  /** The member that it is about. The name is a claim where the code is about somebody who is no member. */
  readonly peer: MemberId
  /** What is wrong, and what to do about it. */
  readonly message: string
}

/** How long a problem of the same code and peer is not reported again, in ms. */
const QUIET_TIME = 600_000
/** Maximum number of reports of one code, within the quiet time, beside those about members: other names can be invented. */
const MAX_REPORTS = 16

/** Passes problems on: each once for a code and a peer, and again when it still exists after ten minutes. */
export class Problems {
  readonly #onProblem: (problem: TransportProblem) => void
  readonly #clock: Clock
  readonly #isMember: (id: MemberId) => boolean
  readonly #reported = new Map<TransportProblemCode, Map<MemberId, number>>()

  constructor(onProblem: (problem: TransportProblem) => void, clock: Clock, isMember: (id: MemberId) => boolean) {
    this.#isMember = isMember
    this.#onProblem = onProblem
    this.#clock = clock
  }

  report(problem: TransportProblem): void {
    const now = this.#clock.now()
    const times = this.#timesOf(problem.code)
    for (const [peer, at] of times) if (now - at >= QUIET_TIME) times.delete(peer)
    if (times.has(problem.peer)) return
    if (!this.#isMember(problem.peer) && [...times.keys()].filter((peer) => !this.#isMember(peer)).length >= MAX_REPORTS) return
    times.set(problem.peer, now)
    this.#onProblem(problem)
  }

  #timesOf(code: TransportProblemCode): Map<MemberId, number> {
    let times = this.#reported.get(code)
    if (times === undefined) {
      times = new Map()
      this.#reported.set(code, times)
    }
    return times
  }
}

/** Why nothing is taken from a peer that a problem of this code was reported of, in a few words; null where the code does not say. */
export function explanationOf(code: TransportProblemCode): string | null {
  switch (code) {
    case 'RAFT_UNKNOWN_SECRET':
      return 'it has another secret, or another cluster id'
    case 'RAFT_OTHER_VOTERS':
      return 'it was given other members'
    case 'RAFT_DISK_LOST':
    case 'RAFT_DIRECTORY_ROLLED_BACK':
    case 'RAFT_MEMBER_RUNS_TWICE':
      return 'it is refused: its directory is not the one that it had'
    case 'RAFT_OLDER_VERSION':
      return 'it is refused: it runs an older version'
    case 'RAFT_PEER_IS_SELF':
      return 'its address leads back to this member'
    default:
      return null
  }
}

/** Datagrams of `lost` bytes to the peer are lost, and those of `carried` bytes arrive. */
export function narrowPath(peer: MemberId, address: string | null, carried: number, lost: number): TransportProblem {
  const name = address === null ? peer : `${peer} (${address})`
  const message = `datagrams of ${lost} bytes to ${name} are lost, while those of ${carried} bytes arrive: something on the way carries less than the network interface says, and its reports (ICMP "fragmentation needed") do not get through. From now on datagrams to ${peer} have at most ${carried} bytes, and larger ones are tried again every ten minutes. To begin with that size, set maxDatagramBytes to ${carried}`
  return { code: 'RAFT_PATH_MTU', peer, message }
}
