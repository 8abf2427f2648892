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
import { type UdpCounters, zeroCounters } from './counters.js'
import { BOOT_BYTES, DatagramKind, type HandshakeDatagram } from './datagram.js'
import type { PeerStatus } from './hearing.js'
import type { TransportSum } from './held-sum.js'
import type { Hub } from './hub.js'
import { Intake } from './intake.js'
import { Misdirected } from './misdirected.js'
import { type ResolvedOptions, resolveOptions, type UdpTransportOptions } from './options.js'
import { Peer } from './peer.js'
import { explanationOf, Problems } from './problems.js'
import { deriveFormer, deriveSecrets, publicKeys, type SecretKeys } from './secrets.js'
import type { DatagramSocket, Endpoint } from './socket.js'

/** Of the receive buffer; the rest is for control messages and estimates that are off. */
const WINDOW_SHARE = 0.75
const SENDING_FOR = 1000

interface Group {
  readonly receiver: TransportReceiver
  members: ReadonlySet<MemberId>
}

/** Encrypted datagrams between the members of a cluster. See the README for the threat model. */
export class UdpTransport implements Transport {
  readonly #options: ResolvedOptions
  readonly #counters: UdpCounters = zeroCounters()
  readonly #groups = new Map<GroupId, Group>()
  readonly #addresses = new Map<GroupId, ReadonlyMap<MemberId, string | null>>()
  readonly #peers = new Map<MemberId, Peer>()
  readonly #hub: Hub & { main: DatagramSocket | null; keys: readonly SecretKeys[]; formerKeys: readonly SecretKeys[] }
  readonly #intake: Intake
  #dirty: Peer[] = []
  /** The keys that members before this version derive of the same secrets. */
  #former: 'unknown' | 'derived' | 'accepted' = 'unknown'
  #phase: 'new' | 'starting' | 'running' | 'closed' = 'new'

  /** @throws ConfigurationError naming the option and what was expected. */
  constructor(options: UdpTransportOptions) {
    this.#options = resolveOptions(options)
    const { clock } = this.#options
    const problems = new Problems(this.#options.onProblem, clock, (id) => this.#peers.has(id))
    this.#hub = {
      options: this.#options,
      counters: this.#counters,
      scratch: Buffer.allocUnsafeSlow(65_536),
      boot: this.#options.identity?.boot ?? this.#options.randomBytes(BOOT_BYTES),
      keys: [],
      formerKeys: [],
      main: null,
      sessions: new Map(),
      schedule: (peer) => this.#schedule(peer),
      deliver: (from, message) => this.#deliver(from, message),
      onDatagram: (bytes, from) => this.#onDatagram(bytes, from),
      onUnreachable: (peer) => this.#onUnreachable(peer),
      report: (problem) => {
        const reason = explanationOf(problem.code)
        if (reason !== null) this.#peers.get(problem.peer)?.hearing.explain(reason, clock.now())
        problems.report(problem)
      },
      onMisdirected: (hello, from) => misdirected.onHello(hello, from, clock.now()),
      onUnknownSecret: (step, from) => this.#onUnknownSecret(step, from),
      onRefused: (refusal) => {
        void this.close()
        this.#options.identity?.refused(refusal)
      },
      onForgetful: () => void this.close(),
      receiveWindow: (peer, now) => this.#receiveWindow(peer, now),
    }
    const misdirected = new Misdirected({
      self: this.#options.id,
      boot: this.#hub.boot,
      isMember: (id) => this.#peers.has(id),
      isHeard: (id) => this.#peers.get(id)?.hearing.isHere === true,
      report: (problem) => this.#hub.report(problem),
    })
    this.#intake = new Intake(this.#hub, this.#peers)
  }

  /** Where this member receives; null unless it is started. */
  get local(): Endpoint | null {
    return this.#hub.main?.local ?? null
  }

  /** What is heard of each other member. */
  peers(): PeerStatus[] {
    const now = this.#options.clock.now()
    return [...this.#peers.values()].map((peer) => peer.hearing.status(now))
  }

  /** A copy of what has been counted since this was made. */
  counters(): UdpCounters {
    return structuredClone(this.#counters)
  }

  /** What each part of it holds, counted twice. @internal for simulations */
  heldSums(): TransportSum[] {
    const peers = [...this.#peers.values()]
    const there = peers.reduce((sum, { sessionCount }) => sum + sessionCount, 0)
    const { sessionsOpened, sessionsClosed } = this.#counters
    return [
      { name: 'sessions', kept: this.#hub.sessions.size, there, isZeroAtRest: false, peer: null },
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
    for (const peer of this.#peers.values()) peer.close()
    this.#peers.clear()
    this.#groups.clear()
    this.#hub.main?.close()
    this.#hub.main = null
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
    this.#addresses.set(group, new Map(members.map(({ id, addresses: { peer } }) => [id, peer ?? null])))
    this.#updatePeers()
  }

  detach(group: GroupId): void {
    this.#groups.delete(group)
    this.#addresses.delete(group)
    this.#updatePeers()
  }

  send(to: MemberId, message: Message): void {
    const { dropped } = this.#counters
    if (this.#phase !== 'running') dropped.notRunning += 1
    else if (!this.#groups.has(message.group)) dropped.unknownGroup += 1
    else {
      const peer = this.#peers.get(to)
      if (peer?.isReachable) peer.send(message)
      else dropped.unknownMember += 1
    }
  }

  #begin(done: (error: Error | null) => void): void {
    const { options } = this.#hub
    const bind = (keys: readonly SecretKeys[]): void => {
      this.#hub.keys = keys
      options.sockets.lookup(options.bind.host, (error, addresses) => {
        if (error !== null) return done(this.#cannotBind(error))
        this.#bind(addresses, done)
      })
    }
    if (options.plain) bind([publicKeys(options.clusterId)])
    else deriveSecrets(options.secrets, options.clusterId, (error, keys) => (error === null ? bind(keys) : done(error)))
  }

  #onUnknownSecret({ kind, from: sender }: HandshakeDatagram, { address, port }: Endpoint): void {
    if (this.#former === 'unknown') this.#acceptFormer()
    if (this.#former !== 'accepted' || kind !== DatagramKind.Hello) return
    const message =
      `a hello from ${address}:${port}, which names ${JSON.stringify(sender)} as its sender, cannot be verified: that is a member of another ` +
      'cluster, or one with another secret. Compare the secrets, and the cluster ids in the status of both'
    this.#hub.report({ code: 'RAFT_UNKNOWN_SECRET', peer: sender, message })
  }

  /** Once: a member that is not yet upgraded may be there, and to find out costs what stretching a passphrase costs. */
  #acceptFormer(): void {
    this.#former = 'derived'
    const { secrets, clusterId } = this.#options
    deriveFormer(secrets, clusterId, (error, former) => {
      if (error === null) this.#hub.formerKeys = former
      this.#former = 'accepted'
    })
  }

  /** To the first of these addresses that this machine has: a name may mean one of a family that is switched off. */
  #bind([address, ...rest]: readonly string[], done: (error: Error | null) => void): void {
    if (address === undefined) {
      done(this.#cannotBind(null))
      return
    }
    const handlers = {
      onDatagram: (bytes: Uint8Array, from: Endpoint) => this.#onDatagram(bytes, from),
      onRefused: () => {
        this.#counters.refused += 1
      },
      onError: () => {
        this.#counters.socketErrors += 1
      },
    }
    this.#options.sockets.bind({ address, port: this.#options.bind.port }, handlers, (error, socket) => {
      if (isNoAddressHere(error) && rest.length > 0) return this.#bind(rest, done)
      if (error !== null || socket === null) return done(this.#cannotBind(error))
      if (this.#phase === 'closed') {
        socket.close()
        return done(new ConfigurationError('the transport was closed while it started'))
      }
      this.#hub.main = socket
      this.#phase = 'running'
      for (const peer of this.#peers.values()) peer.begin()
      done(null)
    })
  }

  #cannotBind(cause: Error | null): ConfigurationError {
    const { host, port } = this.#options.bind
    return new ConfigurationError(`cannot receive at ${host}:${port}${cause === null ? '' : ` (${cause.message})`}: choose another 'bind'`)
  }

  #updatePeers(): void {
    if (this.#phase === 'closed') return
    const wanted = new Map<MemberId, string | null>()
    for (const addresses of this.#addresses.values())
      for (const [id, address] of addresses) wanted.set(id, address ?? wanted.get(id) ?? null)
    wanted.delete(this.#options.id)
    for (const [id, peer] of this.#peers) {
      if (wanted.has(id)) continue
      peer.close()
      this.#peers.delete(id)
    }
    for (const [id, address] of wanted) {
      const peer = this.#peer(id)
      if (peer.link.address === address) continue
      peer.link.setAddress(address)
      peer.begin()
    }
  }

  #peer(id: MemberId): Peer {
    let peer = this.#peers.get(id)
    if (peer === undefined) {
      peer = new Peer(this.#hub, id)
      this.#peers.set(id, peer)
    }
    return peer
  }

  #schedule(peer: Peer): void {
    if (peer.scheduled) return
    peer.scheduled = true
    this.#dirty.push(peer)
    if (this.#dirty.length === 1) this.#options.clock.defer(() => this.#flush())
  }

  #flush(): void {
    const dirty = this.#dirty
    this.#dirty = []
    for (const peer of dirty) {
      peer.scheduled = false
      if (this.#phase === 'running') peer.flush()
    }
  }

  #onDatagram(bytes: Uint8Array, from: Endpoint): void {
    if (this.#phase === 'running') this.#intake.onDatagram(bytes, from)
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

  #receiveWindow(peer: Peer, now: number): number {
    peer.sendingAt = now
    let sending = 0
    for (const other of this.#peers.values()) if (now - other.sendingAt < SENDING_FOR) sending += 1
    return Math.floor(((this.#hub.main?.receiveBufferBytes ?? 0) * WINDOW_SHARE) / Math.max(1, sending))
  }
}

function isNoAddressHere(error: NodeJS.ErrnoException | null): boolean {
  return error?.code === 'EADDRNOTAVAIL' || error?.code === 'EAFNOSUPPORT'
}
