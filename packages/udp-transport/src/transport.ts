import {
  ConfigurationError,
  decodeMessage,
  FormatError,
  type GroupId,
  type Member,
  type MemberId,
  type Message,
  type Transport,
  type TransportReceiver,
} from '@raft/core'
import { bindSocket } from './binding.js'
import type { TransportContext } from './context.js'
import { type UdpCounters, zeroCounters } from './counters.js'
import { BOOT_BYTES } from './datagram.js'
import type { TransportSum } from './held-sum.js'
import { Misdirected } from './misdirected.js'
import { resolveOptions, type UdpTransportOptions } from './options.js'
import { Peers } from './peers.js'
import type { PeerStatus } from './presence.js'
import { explanationOf, Problems, type TransportProblem } from './problems.js'
import { Receiving } from './receiving.js'
import { deriveSecrets, publicKeys, type SecretKeys } from './secrets.js'
import type { DatagramSocket, Endpoint } from './socket.js'
import { UnknownSecrets } from './unknown-secrets.js'

/** What the transport finds out as it starts. */
interface OwnContext extends TransportContext {
  keys: readonly SecretKeys[]
  formerKeys: readonly SecretKeys[]
  main: DatagramSocket | null
}

interface Group {
  readonly receiver: TransportReceiver
  members: ReadonlySet<MemberId>
}

/** Encrypted datagrams between the members of a cluster. See the README for the threat model. */
export class UdpTransport implements Transport {
  readonly #counters: UdpCounters = zeroCounters()
  readonly #groups = new Map<GroupId, Group>()
  readonly #context: OwnContext
  readonly #peers: Peers
  readonly #receiving: Receiving
  #phase: 'new' | 'starting' | 'running' | 'closed' = 'new'

  /** @throws ConfigurationError naming the option and what was expected. */
  constructor(options: UdpTransportOptions) {
    const resolved = resolveOptions(options)
    const { id, clock, identity, onProblem, randomBytes } = resolved
    const boot = identity?.boot ?? randomBytes(BOOT_BYTES)
    const scratch = Buffer.allocUnsafeSlow(65_536)
    this.#context = { options: resolved, counters: this.#counters, scratch, boot, keys: [], formerKeys: [], main: null }
    const problems = new Problems(onProblem, clock, (id) => peers.byId.has(id))
    const report = (problem: TransportProblem): void => {
      const reason = explanationOf(problem.code)
      if (reason !== null) peers.byId.get(problem.peer)?.hearing.explain(reason, clock.now())
      problems.report(problem)
    }
    const peers: Peers = new Peers(this.#context, {
      report,
      deliver: (from, message) => this.#deliver(from, message),
      onDatagram: (bytes, from) => receiving.onDatagram(bytes, from),
      onUnreachable: (peer) => this.#onUnreachable(peer),
      isSessionOpen: (id) => receiving.hasSession(id),
      onSessionOpened: (peer, session) => receiving.openSession(peer, session),
      onSessionClosed: (session) => receiving.closeSession(session),
      onRefused: (refusal) => {
        void this.close()
        identity?.refused(refusal)
      },
      onForgetful: () => void this.close(),
    })
    const misdirected = new Misdirected({
      self: id,
      boot,
      isMember: (id) => peers.byId.has(id),
      isHeard: (id) => peers.byId.get(id)?.hearing.isHere === true,
      report,
    })
    const onFormerKeys = (keys: readonly SecretKeys[]): void => {
      this.#context.formerKeys = keys
    }
    const unknownSecrets = new UnknownSecrets(resolved, { onFormerKeys, report })
    const receiving: Receiving = new Receiving(this.#context, peers.byId, {
      report,
      onUnknownSecret: (step, from) => unknownSecrets.onStep(step, from),
      onMisdirected: (hello, from) => misdirected.onHello(hello, from, clock.now()),
    })
    this.#peers = peers
    this.#receiving = receiving
  }

  /** Where this member receives; null unless it is started. */
  get local(): Endpoint | null {
    return this.#context.main?.local ?? null
  }

  /** What is heard of each other member. */
  peers(): PeerStatus[] {
    const now = this.#context.options.clock.now()
    return [...this.#peers.byId.values()].map((peer) => peer.hearing.status(now))
  }

  /** A copy of what has been counted since this was made. */
  counters(): UdpCounters {
    return structuredClone(this.#counters)
  }

  /** What each part of it holds, counted twice. @internal for simulations */
  heldSums(): TransportSum[] {
    const peers = [...this.#peers.byId.values()]
    const there = peers.reduce((sum, { sessionCount }) => sum + sessionCount, 0)
    const { sessionsOpened, sessionsClosed } = this.#counters
    return [
      { name: 'sessions', kept: this.#receiving.sessionCount, there, isZeroAtRest: false, peer: null },
      { name: 'sessions by their counters', kept: sessionsOpened - sessionsClosed, there, isZeroAtRest: false, peer: null },
      ...peers.flatMap((peer) => peer.heldSums()),
    ]
  }

  /**
   * Derives the keys and binds the socket. Once only.
   * @throws ConfigurationError when the address cannot be bound, or it was started before.
   */
  async start(): Promise<void> {
    if (this.#phase !== 'new') throw new ConfigurationError('a transport starts once: make a new one')
    this.#phase = 'starting'
    await new Promise<void>((resolve, reject) => {
      this.#begin((error) => (error === null ? resolve() : reject(error)))
    })
  }

  /** Stops at once; what waits is dropped. Safe to call twice, and before `start`. */
  async close(): Promise<void> {
    if (this.#phase === 'closed') return
    this.#phase = 'closed'
    this.#peers.close()
    this.#groups.clear()
    this.#context.main?.close()
    this.#context.main = null
  }

  attach(group: GroupId, receiver: TransportReceiver): void {
    if (this.#phase === 'closed') return
    if (this.#groups.has(group)) throw new ConfigurationError(`group ${group} has a receiver already: detach it first`)
    this.#groups.set(group, { receiver, members: new Set() })
  }

  setMembers(group: GroupId, members: readonly Member[]): void {
    if (this.#phase === 'closed') return
    const attached = this.#groups.get(group)
    if (attached === undefined) throw new ConfigurationError(`group ${group} is not attached`)
    attached.members = new Set(members.map((member) => member.id))
    this.#peers.setMembers(group, members)
  }

  detach(group: GroupId): void {
    this.#groups.delete(group)
    if (this.#phase !== 'closed') this.#peers.setMembers(group, null)
  }

  send(to: MemberId, message: Message): void {
    const { dropped } = this.#counters
    if (this.#phase !== 'running') dropped.notRunning += 1
    else if (!this.#groups.has(message.group)) dropped.unknownGroup += 1
    else {
      const peer = this.#peers.byId.get(to)
      if (peer?.isReachable) peer.send(message)
      else dropped.unknownMember += 1
    }
  }

  #begin(done: (error: Error | null) => void): void {
    const { options } = this.#context
    const bind = (keys: readonly SecretKeys[]): void => {
      this.#context.keys = keys
      this.#bind(done)
    }
    if (options.plain) bind([publicKeys(options.clusterId)])
    else deriveSecrets(options.secrets, options.clusterId, (error, keys) => (error === null ? bind(keys) : done(error)))
  }

  #bind(done: (error: Error | null) => void): void {
    const handlers = {
      onDatagram: (bytes: Uint8Array, from: Endpoint) => this.#receiving.onDatagram(bytes, from),
      onRefused: () => {
        this.#counters.refused += 1
      },
      onError: () => {
        this.#counters.socketErrors += 1
      },
    }
    bindSocket(this.#context.options, handlers, (error, socket) => {
      if (this.#phase !== 'closed') {
        if (socket !== null) this.#run(socket)
        done(error)
        return
      }
      socket?.close()
      done(error ?? new ConfigurationError('the transport was closed while it started'))
    })
  }

  #run(socket: DatagramSocket): void {
    this.#context.main = socket
    this.#phase = 'running'
    for (const peer of this.#peers.byId.values()) peer.establishment.begin()
  }

  #deliver(from: MemberId, bytes: Uint8Array): void {
    let message: Message
    try {
      message = decodeMessage(bytes)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      this.#counters.dropped.malformed += 1
      return
    }
    const group = this.#groups.get(message.group)
    if (group === undefined) {
      this.#counters.dropped.unknownGroup += 1
      return
    }
    if (!group.members.has(from)) {
      this.#counters.dropped.stranger += 1
      return
    }
    this.#counters.messagesReceived += 1
    group.receiver.onMessage(from, message)
  }

  #onUnreachable(peer: MemberId): void {
    for (const group of [...this.#groups.values()]) if (group.members.has(peer)) group.receiver.onUnreachable(peer)
  }
}
