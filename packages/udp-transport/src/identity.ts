import { createHash } from 'node:crypto'
import type { MemberId } from '@raft/core'
import type { HandshakeIdentity } from './datagram.js'
import type { TransportProblemCode } from './problems.js'

/** One start of a member, as others remember it. */
export interface MemberStart {
  /** 16 bytes in hexadecimal: which directory the member runs on. */
  readonly storeId: string
  /** How often a member was started on that directory. */
  readonly starts: number
  /** 16 bytes that this start has drawn. */
  readonly boot: Uint8Array
}

/** Why a member is refused: its directory is not the one that it had, or not the only one. */
export type RefusalReason = 'otherStore' | 'olderCopy' | 'runsTwice'

/** Another member does not talk to this one, and has proved that it knows the secret. */
export interface TransportRefusal {
  readonly reason: RefusalReason
  readonly by: MemberId
  /** What that member remembers of this one. */
  readonly remembered: Pick<MemberStart, 'storeId' | 'starts'>
}

/** Whose directory a member runs on, and what it remembers of the other members. */
export interface TransportIdentity {
  /** 16 bytes in hexadecimal. */
  readonly storeId: string
  /** This start included. It is durable before the transport starts. */
  readonly starts: number
  /** 16 bytes that this start has drawn. */
  readonly boot: Uint8Array
  /** How the boots of the starts before this one began, the newest first: 4 bytes each, of up to 63 starts. */
  readonly history: readonly Uint8Array[]
  /** The members that vote, in any order. Members of which one has others do not talk to each other. */
  readonly voters: readonly MemberId[]
  /** The newest start of a member that was remembered, durable or about to be; null where there is none. */
  known(id: MemberId): MemberStart | null
  /** Remembers a start in place of the one before. Calls `done` when it is durable, or cannot be, and never before it has returned. */
  remember(id: MemberId, start: MemberStart, done: (error: Error | null) => void): void
  /** Another member has refused this one, for good: the transport has closed. Called once. */
  refused(refusal: TransportRefusal): void
}

/** The judgement on a start that a member claims. */
export type Verdict = 'known' | 'newer' | RefusalReason

/** A start that a member claims, and what it knows of the ones before. */
export interface ClaimedStart extends MemberStart {
  readonly history: readonly Uint8Array[]
}

/**
 * A number of starts alone would not tell: an older copy that is started again and again counts past the number that is known here. So
 * a member also shows that its directory knows the start that is known here, as far as its history reaches.
 */
export function judge(known: MemberStart | null, claimed: ClaimedStart): Verdict {
  if (known === null) return 'newer'
  if (claimed.storeId !== known.storeId) return 'otherStore'
  if (claimed.starts < known.starts) return 'olderCopy'
  if (claimed.starts > known.starts) return knowsOf(claimed, known) ? 'newer' : 'olderCopy'
  return Buffer.compare(claimed.boot, known.boot) === 0 ? 'known' : 'runsTwice'
}

function knowsOf({ starts, history }: ClaimedStart, known: MemberStart): boolean {
  const mark = history[starts - known.starts - 1]
  return mark === undefined || Buffer.compare(mark, known.boot.subarray(0, mark.length)) === 0
}

const MAX_VOTERS_BYTES = 300

/** The voters in a handshake: equal texts, equal members. A list that is too long is told by its digest. */
function votersText(voters: readonly MemberId[]): string {
  const text = JSON.stringify([...voters].sort())
  return Buffer.byteLength(text) <= MAX_VOTERS_BYTES ? text : `sha256:${createHash('sha256').update(text).digest('hex')}`
}

/** What this member says of itself in every step of a handshake. */
export function handshakeIdentity({ storeId, starts, history, voters }: TransportIdentity): HandshakeIdentity {
  return { storeId, starts, history, voters: votersText(voters) }
}

export interface Told {
  readonly code: TransportProblemCode
  readonly message: string
}

/** A hello alone does not prove that its sender is there now; the other steps of a handshake do. */
export function unlessReplayed({ code, message }: Told): Told {
  return { code, message: `${message}. If the member runs well, somebody has recorded an old hello and sends it again` }
}

/** What the owner of the members is told where `peer` is refused here. */
export function refusalProblem(peer: MemberId, reason: RefusalReason, known: MemberStart, claimed: MemberStart): Told {
  switch (reason) {
    case 'otherStore':
      return {
        code: 'RAFT_DISK_LOST',
        message:
          `${peer} runs on a directory that is not the one it had: its store was ${known.storeId} and is ${claimed.storeId} now. It is refused, ` +
          'for it knows nothing of the votes and entries that it has promised. Start it on the directory that it had',
      }
    case 'olderCopy':
      return {
        code: 'RAFT_DIRECTORY_ROLLED_BACK',
        message:
          `${peer} runs on an older copy of its directory: its start number ${known.starts} is known here, of which that directory knows nothing. It is ` +
          'refused, for votes and entries that it has promised are missing there. Start it on its newest directory',
      }
    case 'runsTwice':
      return {
        code: 'RAFT_MEMBER_RUNS_TWICE',
        message:
          `start number ${known.starts} of ${peer} is known here, and another start of it, number ${claimed.starts}, is refused: either two ` +
          `processes run as ${peer}, on copies of one directory, or the one that is refused runs on an older copy, by one start. Stop it, start ` +
          `${peer} on its newest directory, and find out who has copied the directory`,
      }
  }
}

/** What both sides are told whose lists of members differ. */
export function votersProblem(peer: MemberId, ours: string, theirs: string): Told {
  return {
    code: 'RAFT_OTHER_VOTERS',
    message: `${peer} belongs to a cluster of the members ${theirs}, and this member to one of ${ours}: they do not talk to each other. Give all members of a cluster the same members`,
  }
}

export function olderVersionProblem(peer: MemberId): Told {
  return {
    code: 'RAFT_OLDER_VERSION',
    message: `${peer} runs an older version than before, which does not say on which directory it runs: it is refused. Run the version that it ran, or a newer one`,
  }
}
