import type { MemberId } from '@raft/core'
import type { TransportContext } from './context.js'
import {
  BOOT_BYTES,
  DATAGRAM_VERSION,
  DatagramKind,
  encodeHandshake,
  type HandshakeDatagram,
  type HandshakeIdentity,
  type HandshakeRefusal,
  isAuthentic,
  NO_NONCE,
  NONCE_BYTES,
  PLAIN,
  type RememberedStart,
} from './datagram.js'
import { handshakeIdentity } from './identity.js'
import { AesSeal, PlainSeal, type Seal, SealByLength } from './sealing.js'
import { expand, type SecretKeys } from './secrets.js'
import { datagramFor } from './sending/kernel-cost.js'
import type { SessionParameters } from './session.js'

const FIRST_RETRY = 100
const MAX_RETRY = 1000
const MAX_ATTEMPTS = 6
/** Upper bound on how long an attempt lasts, in ms. It is needed beside the number of hellos, as hastened ones do not count and anybody can hasten them. */
const MAX_DURATION = 5000
/**
 * For how long after our attempt began a crossing hello of the peer is not answered, in ms, if our name comes first. It is a time and
 * not a number of hellos, which datagrams that anybody can send would hasten.
 */
const YOUNG = 300
const RESEND_INTERVAL = 20

interface Attempt {
  readonly nonce: Uint8Array
  /** An id for each address that was said hello to, so that the answer tells which of them the hello has reached. The first is drawn first. */
  readonly sessions: { readonly id: number; address: string | null }[]
  /** The id under which the peer knows the session that is used now, or 0. */
  readonly inUse: number
  readonly begunAt: number
  count: number
  /** Every second attempt tries the next secret: in the middle of a change the peer may not have the first one yet. */
  keys: SecretKeys
  sentAt: number
  dueAt: number
  /** The next hello goes out early, and does not count. */
  hastened: boolean
}

type OwnStep = Omit<HandshakeDatagram, 'hint' | 'from' | 'to' | 'identity' | 'refusal' | 'remembered'> &
  Partial<Pick<HandshakeDatagram, 'refusal' | 'remembered'>>

/** A handshake that succeeded. */
export interface Agreement {
  readonly parameters: SessionParameters
  readonly peerBoot: Buffer
}

/**
 * One peer's handshakes, in both directions. The one who begins draws a nonce for each attempt. The one who answers holds
 * one nonce for the peer until a handshake is completed with it, and nothing else: however many hellos are replayed, they
 * leave nothing behind, and since a confirmation uses the nonce up, it counts once.
 */
export class Handshake {
  readonly #context: TransportContext
  readonly #isSessionOpen: (id: number) => boolean
  readonly #peer: MemberId
  #attempt: Attempt | null = null
  #challenge: { readonly nonce: Uint8Array; readonly session: number }
  /** What this member says of itself. */
  readonly #identity: HandshakeIdentity | null

  /** @param isSessionOpen whether another session has the id, with whichever peer */
  constructor(context: TransportContext, isSessionOpen: (id: number) => boolean, peer: MemberId) {
    this.#context = context
    this.#isSessionOpen = isSessionOpen
    this.#peer = peer
    const { identity } = context.options
    this.#identity = identity === null ? null : handshakeIdentity(identity)
    this.#challenge = { nonce: this.#nonce(), session: this.#sessionId() }
  }

  get isActive(): boolean {
    return this.#attempt !== null
  }

  /** When `onTimer` is due. */
  get dueAt(): number {
    return this.#attempt?.dueAt ?? Number.POSITIVE_INFINITY
  }

  begin(inUse: number, now: number): void {
    if (this.#attempt !== null) return
    this.#attempt = {
      nonce: this.#nonce(),
      sessions: [{ id: this.#sessionId(), address: null }],
      inUse,
      begunAt: now,
      count: 0,
      keys: this.#context.keys[0] as SecretKeys,
      sentAt: Number.NEGATIVE_INFINITY,
      dueAt: now,
      hastened: false,
    }
    this.#context.counters.handshakesStarted += 1
  }

  /** There is a sign, not to be trusted, that the peer is there: what is under way need not wait out its interval. */
  hasten(now: number): void {
    const attempt = this.#attempt
    if (attempt === null || now - attempt.sentAt < RESEND_INTERVAL) return
    attempt.dueAt = now
    attempt.hastened = attempt.count > 0
  }

  /** Where the hello goes has changed: it is said again at once, and that does not count. */
  again(now: number): void {
    const attempt = this.#attempt
    if (attempt === null) return
    attempt.dueAt = now
    attempt.hastened = attempt.count > 0
  }

  abandon(): void {
    this.#attempt = null
  }

  /** How often a hello was said in this attempt, with the one that is to be sent now; null when none is due, or 'gaveUp'. */
  onTimer(now: number): number | null | 'gaveUp' {
    const attempt = this.#attempt
    if (attempt === null || now < attempt.dueAt) return null
    if ((attempt.count >= MAX_ATTEMPTS && !attempt.hastened) || now - attempt.begunAt > MAX_DURATION) {
      this.#attempt = null
      return 'gaveUp'
    }
    attempt.keys = this.#context.keys[(attempt.count >>> 1) % this.#context.keys.length] as SecretKeys
    attempt.sentAt = now
    if (!attempt.hastened) attempt.count += 1
    attempt.hastened = false
    attempt.dueAt = now + Math.min(MAX_RETRY, FIRST_RETRY * 2 ** (attempt.count - 1))
    return attempt.count
  }

  /** The hello that goes to this address; null when nothing is asked any more. */
  hello(address: string, maxDatagram: number, window: number): Buffer | null {
    const attempt = this.#attempt
    if (attempt === null) return null
    const { inUse, nonce, keys } = attempt
    const senderSession = this.#sessionFor(attempt, address)
    const step = { version: DATAGRAM_VERSION, kind: DatagramKind.Hello, senderSession, receiverSession: inUse, nonce }
    return this.#encode({ ...step, maxDatagram, window, sessionKnown: false }, keys, NO_NONCE)
  }

  /** The address to which the hello went that this, which was accepted, answers. */
  addressOf({ receiverSession }: HandshakeDatagram): string {
    return this.#attempt?.sessions.find(({ id }) => id === receiverSession)?.address ?? ''
  }

  /** The answer to an authentic hello, in its version; null while the peer is to answer ours. */
  answer(hello: HandshakeDatagram, keys: SecretKeys, known: boolean, maxDatagram: number, window: number, now: number): Buffer | null {
    if (this.#isCrossing(hello, now)) {
      this.hasten(now)
      return null
    }
    this.#context.counters.handshakesAnswered += 1
    const { nonce, session } = this.#challenge
    const { version, senderSession } = hello
    const step = { version, kind: DatagramKind.Answer, senderSession: session, receiverSession: senderSession, nonce }
    return this.#encode({ ...step, maxDatagram, window, sessionKnown: known }, keys, hello.nonce)
  }

  /** The refusal of an authentic hello, with what is remembered of its sender. */
  refuse(hello: HandshakeDatagram, keys: SecretKeys, refusal: HandshakeRefusal, remembered: RememberedStart | null): Buffer {
    const { nonce, session } = this.#challenge
    const { version, senderSession, maxDatagram, window } = hello
    const step = { version, kind: DatagramKind.Refusal, senderSession: session, receiverSession: senderSession, nonce }
    return this.#encode({ ...step, maxDatagram, window, sessionKnown: false, refusal, remembered }, keys, hello.nonce)
  }

  /** Whether the answer, or refusal, fits what was asked, and proves the secret. Says why not by counting. */
  accepts(answer: HandshakeDatagram, bytes: Uint8Array, keys: SecretKeys): boolean {
    const attempt = this.#attempt
    if (attempt === null || attempt.sessions.every(({ id }) => id !== answer.receiverSession)) {
      this.#context.counters.dropped.staleHandshake += 1
      return false
    }
    return this.#verify(bytes, keys, attempt.nonce)
  }

  /** Uses up the attempt: the session, and the confirmation to send. */
  complete(answer: HandshakeDatagram, keys: SecretKeys, maxDatagram: number, window: number): Agreement & { confirmation: Buffer } {
    const { nonce } = this.#attempt as Attempt
    this.#attempt = null
    const { version, senderSession, receiverSession: session } = answer
    const step = { version, kind: DatagramKind.Confirm, senderSession: session, receiverSession: senderSession, nonce }
    const confirmation = this.#encode({ ...step, maxDatagram, window, sessionKnown: false }, keys, answer.nonce)
    return { ...this.#agree(answer, keys, nonce, answer.nonce, session, maxDatagram, true), confirmation }
  }

  /** Whether the confirmation fits what was answered, and proves the secret. Says why not by counting. */
  isConfirmed(confirmation: HandshakeDatagram, bytes: Uint8Array, keys: SecretKeys): boolean {
    const { nonce, session } = this.#challenge
    if (confirmation.receiverSession === session) return this.#verify(bytes, keys, nonce)
    this.#context.counters.dropped.staleHandshake += 1
    return false
  }

  /** The session that a confirmation opens. Uses up the challenge. */
  confirm(confirmation: HandshakeDatagram, keys: SecretKeys, maxDatagram: number): Agreement {
    const { nonce, session } = this.#challenge
    this.#challenge = { nonce: this.#nonce(), session: this.#sessionId() }
    this.#attempt = null
    return this.#agree(confirmation, keys, confirmation.nonce, nonce, session, maxDatagram, false)
  }

  /** Whether the peer is to answer our hello instead. One that begins in an older version cannot read ours. */
  #isCrossing({ version }: HandshakeDatagram, now: number): boolean {
    const attempt = this.#attempt
    return attempt !== null && version === DATAGRAM_VERSION && this.#context.options.id < this.#peer && now - attempt.begunAt < YOUNG
  }

  #verify(bytes: Uint8Array, keys: SecretKeys, nonce: Uint8Array): boolean {
    if (isAuthentic(bytes, keys.authenticationKey, nonce)) return true
    this.#context.counters.dropped.failedToOpen += 1
    return false
  }

  #agree(
    step: HandshakeDatagram,
    keys: SecretKeys,
    beginner: Uint8Array,
    answerer: Uint8Array,
    localId: number,
    maxDatagram: number,
    began: boolean,
  ): Agreement {
    const { plain } = this.#context.options
    const names = began ? [this.#context.options.id, this.#peer] : [this.#peer, this.#context.options.id]
    const secret = expand(
      keys.sessionKey,
      Buffer.concat([beginner, answerer]),
      JSON.stringify([step.version, this.#context.options.clusterId, ...names]),
    )
    const seal = (direction: string): Seal => {
      if (plain) return new PlainSeal()
      const key = expand(secret, '', direction)
      return step.version === 1 ? new AesSeal(key) : new SealByLength(key)
    }
    return {
      parameters: {
        localId,
        remoteId: step.senderSession,
        sending: seal(began ? 'beginner to answerer' : 'answerer to beginner'),
        receiving: seal(began ? 'answerer to beginner' : 'beginner to answerer'),
        datagramBytes: datagramFor(Math.max(256, Math.min(maxDatagram, step.maxDatagram)), step.window),
        peerWindow: step.window,
        sealedKind: DatagramKind.Sealed + (plain ? PLAIN : 0),
        version: step.version,
      },
      peerBoot: Buffer.from(step.nonce.subarray(0, BOOT_BYTES)),
    }
  }

  #encode(step: OwnStep, keys: SecretKeys, receiverNonce: Uint8Array): Buffer {
    const { id, plain } = this.#context.options
    const whole = { refusal: null, remembered: null, ...step, identity: this.#identity, hint: keys.hint, from: id, to: this.#peer }
    return encodeHandshake(whole, plain, keys.authenticationKey, receiverNonce)
  }

  #sessionFor({ sessions }: Attempt, address: string): number {
    let session = sessions.find((one) => one.address === address || one.address === null)
    if (session === undefined) {
      session = { id: this.#sessionId(), address }
      sessions.push(session)
    }
    session.address = address
    return session.id
  }

  #nonce(): Uint8Array {
    return Buffer.concat([this.#context.boot, this.#context.options.randomBytes(NONCE_BYTES - BOOT_BYTES)])
  }

  /** 48 random bits, not 0, that are not in use. */
  #sessionId(): number {
    for (;;) {
      const bytes = this.#context.options.randomBytes(6)
      const id = Buffer.from(bytes.buffer, bytes.byteOffset, 6).readUIntLE(0, 6)
      if (id !== 0 && !this.#isSessionOpen(id)) return id
    }
  }
}
