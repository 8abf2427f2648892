import type { MemberId } from '@raft/core'
import { BOOT_BYTES, type HandshakeDatagram } from './datagram.js'
import type { TransportProblem } from './problems.js'
import type { Endpoint } from './socket.js'

/** For how long hellos of one member for another must come before it is told that they come here, in ms: names change, and hellos may be late. */
const PATIENCE = 10_000
/** Such hellos that come longer than this after the last one begin anew, in ms. */
const BREAK = 60_000

/** The parts of the transport that are used here. */
export interface MisdirectedHost {
  /** This member, and what it drew when it was started. */
  readonly self: MemberId
  readonly boot: Uint8Array
  isMember(id: MemberId): boolean
  /** Whether something came of late that the peer has certainly sent. */
  isHeard(id: MemberId): boolean
  report(problem: TransportProblem): void
}

interface Sighting {
  readonly to: MemberId
  readonly nonce: Uint8Array
  readonly since: number
  last: number
}

/**
 * Authentic hellos that were not meant for this member: somebody has a wrong address. One of them proves nothing, for whoever has
 * recorded it can send it again, anywhere: it takes two handshakes of one process.
 */
export class Misdirected {
  readonly #host: MisdirectedHost
  /** The first handshake of late, by its sender. Only of members, so that nobody can make it grow. */
  readonly #sightings = new Map<string, Sighting>()

  constructor(host: MisdirectedHost) {
    this.#host = host
  }

  onHello(hello: HandshakeDatagram, from: Endpoint, now: number): void {
    const { self, boot, isHeard, isMember, report } = this.#host
    const isOwn = hello.from === self
    if (!isOwn && !isMember(hello.from)) return
    const isOfThisProcess = isOwn && isOfOneProcess(hello.nonce, boot)
    // A hello that was recorded on its way to a member that is where it should be.
    if (isOfThisProcess && isHeard(hello.to)) return
    if (!this.#isSecond(hello, isOfThisProcess ? 0 : PATIENCE, now)) return
    if (!isOwn) report(wrongMember(hello, self))
    else report(isOfThisProcess ? peerIsSelf(hello, self) : runsTwice(hello, self, from))
  }

  #isSecond({ from, to, nonce }: HandshakeDatagram, patience: number, now: number): boolean {
    const known = this.#sightings.get(from)
    if (known === undefined || known.to !== to || !isOfOneProcess(known.nonce, nonce) || now - known.last > BREAK) {
      this.#sightings.set(from, { to, nonce: nonce.slice(), since: now, last: now })
      return false
    }
    known.last = now
    return now - known.since >= patience && Buffer.compare(known.nonce, nonce) !== 0
  }
}

/** Each nonce of a process begins with what the process drew when it was started. */
function isOfOneProcess(nonce: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(nonce.subarray(0, BOOT_BYTES), other.subarray(0, BOOT_BYTES)) === 0
}

function wrongMember({ from, to }: HandshakeDatagram, self: MemberId): TransportProblem {
  const message = `${from} says hello to ${to} at the address of this member, which is ${self}: the peer address of ${to} is wrong where ${from} runs, or this process should run as ${to}`
  return { code: 'RAFT_WRONG_MEMBER', peer: from, message }
}

function peerIsSelf({ to }: HandshakeDatagram, self: MemberId): TransportProblem {
  const message = `what is sent to the peer address of ${to} comes back to this member, ${self}: two members have one address, or this process should run as ${to}`
  return { code: 'RAFT_PEER_IS_SELF', peer: to, message }
}

function runsTwice({ to }: HandshakeDatagram, self: MemberId, { address, port }: Endpoint): TransportProblem {
  const message = `another process runs as ${self}, as this one does, and says hello to ${to} from ${address} (port ${port}): stop the one that should not run. Where there is none, somebody sends again what this member sent before its last start`
  return { code: 'RAFT_MEMBER_RUNS_TWICE', peer: self, message }
}
