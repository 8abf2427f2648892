import type { MemberId } from '@raft/core'
import type { TransportContext } from './context.js'
import {
  BOOT_BYTES,
  DatagramKind,
  type HandshakeDatagram,
  type HandshakeIdentity,
  type HandshakeRefusal,
  type RememberedStart,
} from './datagram.js'
import {
  type ClaimedStart,
  handshakeIdentity,
  judge,
  type MemberStart,
  olderVersionProblem,
  type RefusalReason,
  refusalProblem,
  type Told,
  unlessReplayed,
  votersProblem,
} from './identity.js'
import type { TransportProblem } from './problems.js'

/** Why no session is opened with a peer. */
export interface Objection {
  /** What the peer is told; null where its version knows of no refusals. */
  readonly refusal: HandshakeRefusal | null
  /** What the peer is told of itself beside that; null where nothing is known of it. */
  readonly remembered: RememberedStart | null
}

export interface AcquaintanceEvents {
  readonly deliver: (from: MemberId, message: Uint8Array) => void
  readonly report: (problem: TransportProblem) => void
  /** A start of another member cannot be remembered: nothing can be taken from anybody any more. */
  readonly onForgetful: () => void
}

/**
 * What is known of the directory of one peer. A start that is new is remembered durably before any of its messages is delivered:
 * they are held until then. So whatever a member was told by a peer, it knows from then on which directory said so.
 */
export class Acquaintance {
  readonly #context: TransportContext
  readonly #events: AcquaintanceEvents
  readonly #peer: MemberId
  readonly #own: HandshakeIdentity | null
  readonly #isVoter: boolean
  /** The start before the one that is known. A process that still says hello by it runs beside that one. */
  #formerBoot: Uint8Array | null = null
  /** Number of starts that are being written. */
  #pending = 0
  #held: Uint8Array[] = []
  #heldBytes = 0

  constructor(context: TransportContext, events: AcquaintanceEvents, peer: MemberId) {
    const { identity } = context.options
    this.#context = context
    this.#events = events
    this.#peer = peer
    this.#own = identity === null ? null : handshakeIdentity(identity)
    this.#isVoter = identity?.voters.includes(peer) ?? false
  }

  /** What stands against talking to the sender of this step, and tells the owner; null when nothing does. */
  objectionTo(step: HandshakeDatagram): Objection | null {
    const own = this.#own
    if (own === null) return null
    const known = this.#known
    if (step.identity === null) {
      if (known === null) return null
      this.#tell(step, olderVersionProblem(this.#peer))
      return { refusal: null, remembered: null }
    }
    const { voters } = step.identity
    if (voters !== own.voters) {
      this.#tell(step, votersProblem(this.#peer, own.voters, voters))
      return { refusal: 'otherVoters', remembered: null }
    }
    const claimed = startOf(step)
    const verdict = judge(known, claimed)
    if (verdict === 'known' || verdict === 'newer' || known === null || !this.#isVoter) return null
    const reason = verdict === 'olderCopy' && this.#runsBeside(claimed) ? 'runsTwice' : verdict
    this.#tell(step, refusalProblem(this.#peer, reason, known, claimed))
    return { refusal: reason, remembered: { storeId: known.storeId, starts: known.starts } }
  }

  /** A session with the sender of this step, which nothing stands against, is about to be opened. */
  meet(step: HandshakeDatagram): void {
    const { identity } = this.#context.options
    if (identity === null || step.identity === null || !this.#isVoter) return
    const claimed = startOf(step)
    const known = this.#known
    if (judge(known, claimed) === 'known') return
    this.#formerBoot = known?.boot ?? null
    this.#drop()
    this.#pending += 1
    identity.remember(this.#peer, { storeId: claimed.storeId, starts: claimed.starts, boot: claimed.boot }, (error) => {
      this.#pending -= 1
      if (error !== null) this.#events.onForgetful()
      else if (this.#pending === 0) this.#release()
    })
  }

  /** Delivers a message, as soon as the start that it came from is remembered. */
  deliver(message: Uint8Array): void {
    if (this.#pending === 0) this.#events.deliver(this.#peer, message)
    else if (this.#heldBytes > 0 && this.#heldBytes + message.length > this.#context.options.maxQueuedBytes) {
      this.#context.counters.dropped.queueFull += 1
    } else {
      this.#held.push(message)
      this.#heldBytes += message.length
    }
  }

  #tell({ kind }: HandshakeDatagram, told: Told): void {
    this.#events.report({ peer: this.#peer, ...(kind === DatagramKind.Hello ? unlessReplayed(told) : told) })
  }

  get #known(): MemberStart | null {
    return this.#context.options.identity?.known(this.#peer) ?? null
  }

  #runsBeside({ boot }: MemberStart): boolean {
    return this.#formerBoot !== null && Buffer.compare(boot, this.#formerBoot) === 0
  }

  #release(): void {
    const held = this.#held
    this.#drop()
    for (const message of held) this.#events.deliver(this.#peer, message)
  }

  #drop(): void {
    this.#held = []
    this.#heldBytes = 0
  }
}

/** A peer that was talked to in this run, and calls this member outdated, has met one that was started later. */
export function reasonAsSeenHere(reason: RefusalReason, hasTalked: boolean): RefusalReason {
  return reason === 'olderCopy' && hasTalked ? 'runsTwice' : reason
}

function startOf({ identity, nonce }: HandshakeDatagram): ClaimedStart {
  const { storeId, starts, history } = identity as HandshakeIdentity
  return { storeId, starts, history, boot: Uint8Array.from(nonce.subarray(0, BOOT_BYTES)) }
}
