import type { MemberId } from '@raft/core'
import type { ResolvedOptions } from './options.js'
import { type PeerStatus, PresenceLines } from './presence.js'
import type { TransportProblem } from './problems.js'
import { inSeconds, SILENCES, type SilenceCause, silenceProblem } from './silences.js'

const NEVER = Number.NEGATIVE_INFINITY
/** How long after it was first asked a member that was heard, and has not answered, counts as gone, in ms. */
const GONE_AFTER = 2000
/** For how long a member may leave what it is asked unanswered before the owner is told why, in ms. */
const PATIENCE = 10_000
/** How long after that the owner is told again, in ms. */
const TOLD_AGAIN_AFTER = 600_000
/** For how long a sign of what is wrong counts before the last thing that was asked, in ms. */
const SIGN_COUNTS_FOR = 5000
/** For how long a member that was explained by another problem is not called silent beside it, in ms. */
const EXPLAINED_FOR = 60_000
/** A member that hears nothing and has something to say says hello more often than this, in ms. */
const HELLOS_BREAK = 5000
/** For how long a hello of this member's own may go unanswered by a member that hears it, in ms. */
const PROOF_TAKES = 2000

/** What is needed of the way to the peer. */
interface Way {
  readonly address: string | null
  /** Why the name could not be resolved; null when it could be, or was not tried. */
  readonly failure: string | null
}

/** Where what is found out is told. */
interface HearingHost {
  readonly options: Pick<ResolvedOptions, 'id' | 'onPresence'>
  report(problem: TransportProblem): void
}

/** Whether one peer is heard, since when it is not, and why: what its owner is told of that. */
export class Hearing {
  readonly #host: HearingHost
  readonly #peer: MemberId
  readonly #way: Way
  #heardAt: number | null = null
  #isHere = false
  /** When it was first asked something that it has not answered since. */
  #askedSince = Number.POSITIVE_INFINITY
  #askedLast = Number.NEGATIVE_INFINITY
  #hellos = 0
  /** When its silence is told next. */
  #tellAt = Number.POSITIVE_INFINITY
  #refusedAt = NEVER
  #foreignAt = NEVER
  #failedAt = NEVER
  #failure: string | null = null
  #greetedAt = NEVER
  #explanation: { readonly at: number; readonly reason: string } | null = null
  /** The peer's last hello, by the session that it asks for. */
  #greeting = 0
  #greetedAgain = false
  /** Since when all its hellos came several times, as if it had never got an answer. */
  #deafSince = Number.POSITIVE_INFINITY
  /** When a hello of this member's own was last asked for, to find out whether the peer is deaf. */
  #proofAt = NEVER
  #toldDeaf = false
  readonly #lines: PresenceLines

  constructor(host: HearingHost, peer: MemberId, way: Way) {
    this.#host = host
    this.#peer = peer
    this.#way = way
    this.#lines = new PresenceLines(peer, host.options.onPresence)
  }

  /** Whether the peer was heard, and has not been missed since. */
  get isHere(): boolean {
    return this.#isHere
  }

  /** When `check` has something to say. */
  get dueAt(): number {
    return this.#isHere ? this.#askedSince + GONE_AFTER : this.#tellAt
  }

  status(now: number): PeerStatus {
    return {
      id: this.#peer,
      address: this.#way.address,
      heardAgo: this.#heardAt === null ? null : now - this.#heardAt,
      unansweredFor: this.#isAsked ? now - this.#askedSince : null,
      trouble: this.#isAsked ? (this.#explained(now) ?? SILENCES[this.#cause()]) : null,
    }
  }

  /** There is something to say to the peer, or a handshake is begun. */
  asked(now: number): void {
    this.#askedLast = now
    if (this.#isAsked) return
    this.#askedSince = now
    this.#tellAt = now + PATIENCE
    this.#hellos = 0
  }

  /** A hello was sent. */
  greeted(now: number): void {
    this.asked(now)
    this.#hellos += 1
  }

  /** Something came that the peer has certainly sent, now. */
  heard(now: number): void {
    const silentFor = this.#heardAt === null ? null : now - this.#heardAt
    this.#heardAt = now
    this.#askedSince = Number.POSITIVE_INFINITY
    this.#tellAt = Number.POSITIVE_INFINITY
    // It asks no more whether it is heard.
    if (this.#toldDeaf && now - this.#greetedAt > HELLOS_BREAK) this.answered(now)
    if (this.#isHere) return
    this.#isHere = true
    this.#explanation = null
    const message =
      silentFor === null ? `${this.#peer} has come` : `${this.#peer} has come again: it was not heard for ${inSeconds(silentFor)}`
    this.#lines.say('came', message, now)
  }

  /** It has begun anew, in another process. */
  restarted(now: number): void {
    if (this.#isHere) this.#lines.say('restarted', `${this.#peer} has come again: it was started anew`, now)
  }

  /** What was sent to the peer has arrived there. */
  answered(now: number): void {
    if (this.#toldDeaf && this.#isHere) this.#lines.say('came', `${this.#peer} hears this member again`, now)
    this.#toldDeaf = false
    this.#deafSince = Number.POSITIVE_INFINITY
    this.#greetedAgain = false
  }

  /**
   * An authentic hello of the peer. One that comes several times has not been answered, as far as the peer knows, or somebody who has
   * recorded it sends it again: a hello of this member's own tells which, as only a peer that hears it answers it.
   * @returns whether to say that hello now
   */
  hello(session: number, now: number): boolean {
    const isRepeated = session === this.#greeting
    if (now - this.#greetedAt > HELLOS_BREAK || (!isRepeated && !this.#greetedAgain)) this.#deafSince = Number.POSITIVE_INFINITY
    this.#greetedAt = now
    this.#greeting = session
    this.#greetedAgain = isRepeated
    if (!isRepeated) return false
    this.#deafSince = Math.min(this.#deafSince, now)
    if (now - this.#deafSince >= PATIENCE && this.#isUnproven(now)) {
      this.#deafSince = now
      this.#toldDeaf = true
      this.#tell(this.#isSign(this.#refusedAt) ? 'wrongAddress' : 'deaf', now)
    }
    if (now - this.#deafSince < PATIENCE / 2 || now - this.#proofAt < HELLOS_BREAK) return false
    this.#proofAt = now
    return true
  }

  /** The system says that nobody listens at the peer's address. */
  refused(now: number): void {
    this.#refusedAt = now
  }

  /** Something came from the peer's address that no member has sent. */
  foreign(now: number): void {
    this.#foreignAt = now
  }

  /** The system sends nothing to the peer's address. */
  failed(reason: string, now: number): void {
    this.#failedAt = now
    this.#failure = reason
  }

  /** The owner was told of a problem that lets nothing of the peer be taken. */
  explain(reason: string, now: number): void {
    this.#explanation = { at: now, reason }
  }

  /** Says what is due. */
  check(now: number): void {
    if (now < this.dueAt) return
    if (this.#isHere) {
      this.#isHere = false
      const silentFor = inSeconds(now - (this.#heardAt ?? this.#askedSince))
      this.#lines.say('left', `${this.#peer} has gone: nothing has come from it for ${silentFor} (${this.#reason(now)})`, now)
      return
    }
    const isExplained = this.#explained(now) !== null
    this.#tellAt = now + (isExplained ? PATIENCE : TOLD_AGAIN_AFTER)
    if (!isExplained) this.#tell(this.#cause(), now)
  }

  /** Whether the peer has had the time to answer a hello since it seems to be deaf, and has not. */
  #isUnproven(now: number): boolean {
    return this.#proofAt >= this.#deafSince && now - this.#proofAt >= PROOF_TAKES
  }

  get #isAsked(): boolean {
    return this.#askedSince !== Number.POSITIVE_INFINITY
  }

  #reason(now: number): string {
    return this.#explained(now) ?? SILENCES[this.#cause()]
  }

  #explained(now: number): string | null {
    return this.#explanation !== null && now - this.#explanation.at < EXPLAINED_FOR ? this.#explanation.reason : null
  }

  #cause(): SilenceCause {
    if (this.#way.failure !== null) return 'unresolved'
    const isRefused = this.#isSign(this.#refusedAt)
    if (this.#deafSince !== Number.POSITIVE_INFINITY && this.#isSign(this.#greetedAt)) return isRefused ? 'wrongAddress' : 'deaf'
    if (isRefused) return 'closed'
    if (this.#isSign(this.#failedAt)) return 'unsendable'
    return this.#isSign(this.#foreignAt) ? 'foreign' : 'silent'
  }

  #isSign(at: number): boolean {
    const isOld = at < this.#askedLast - SIGN_COUNTS_FOR || at < (this.#heardAt ?? Number.NEGATIVE_INFINITY)
    return at !== NEVER && !isOld
  }

  #tell(cause: SilenceCause, now: number): void {
    const { address } = this.#way
    const failure = cause === 'unsendable' ? this.#failure : this.#way.failure
    // A member without an address is expected to come by itself.
    if (address === null) return
    const silentFor = now - (this.#heardAt ?? this.#askedSince)
    const self = this.#host.options.id
    this.#host.report(silenceProblem({ peer: this.#peer, address, self, cause, silentFor, hellos: this.#hellos, failure }))
  }
}
