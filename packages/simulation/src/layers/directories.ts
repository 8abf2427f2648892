import type { LogStorage, Member, MemberId, Message, StoredLog, Transport, TransportReceiver } from '@raft/core'
import { MemberFile, type MemberStart } from '@raft/log-storage'
import { Fate, memberIdentity, openedStorage } from '@raft/node/endpoint'
import type { MemberEnvironment } from '@raft/simulator'
import type { UdpTransport } from '@raft/udp-transport'
import { DIRECTORY, type FileLayer } from './file-layer.js'
import type { UdpLayer } from './udp-layer.js'

/** What one life of a member has of its directory and its transport. */
export interface DirectoryLife {
  readonly storage: LogStorage
  readonly transport: Transport
  /** What the member dies of, where its directory is refused. */
  readonly fate: Fate
  start(): Promise<void>
  stop(): Promise<void>
}

/** Which directories the members know of each other: as `createNode` has it, on simulated disks. */
export class Directories {
  readonly #files: FileLayer
  readonly #transports: UdpLayer
  readonly #randomBytes: (count: number) => Uint8Array
  /** By the member that remembers, durably; then by the member that is remembered. */
  readonly #known = new Map<MemberId, Map<MemberId, MemberStart>>()
  /** The newest start of each member. */
  readonly #newest = new Map<MemberId, Pick<MemberStart, 'storeId' | 'starts'>>()
  readonly #refused = new Set<MemberId>()

  readonly #onViolation: (oracle: string, message: string) => void

  constructor(
    files: FileLayer,
    transports: UdpLayer,
    randomBytes: (count: number) => Uint8Array,
    onViolation: (oracle: string, message: string) => void,
  ) {
    this.#onViolation = onViolation
    this.#randomBytes = randomBytes
    this.#files = files
    this.#transports = transports
  }

  /** Whether all of these members know the newest start of the member. */
  isRemembered(id: MemberId, by: readonly MemberId[]): boolean {
    const newest = this.#newest.get(id)
    if (newest === undefined) return false
    return by.every((other) => {
      const known = this.#known.get(other)?.get(id)
      return known?.storeId === newest.storeId && known.starts === newest.starts
    })
  }

  /** Whether another member has refused the member, which does not come back then. */
  isRefused(id: MemberId): boolean {
    return this.#refused.has(id)
  }

  /** A life of a member, in the order of `createNode`: the log is opened, the start is counted, and then others hear of it. */
  begin(environment: MemberEnvironment): DirectoryLife {
    const log = this.#files.storage(environment)
    const transport = new LateTransport((from) => this.#checkRemembered(environment.id, from))
    const fate = new Fate()
    let stored: StoredLog | null = null
    let running: UdpTransport | null = null
    let file: MemberFile | null = null
    return {
      storage: openedStorage(
        log,
        () => (stored === null ? log.open() : Promise.resolve(stored)),
        async () => file?.close(),
      ),
      transport,
      fate,
      start: async () => {
        stored = await log.open()
        file = await this.#open(environment, log.identity.storeId)
        const identity = memberIdentity(this.#observed(environment.id, file), DIRECTORY, (error) => fate.fail(error))
        running = this.#transports.transportWith(environment, identity)
        await running.start()
        transport.begin(running)
      },
      stop: async () => running?.close(),
    }
  }

  async #open(environment: MemberEnvironment, storeId: string): Promise<MemberFile> {
    const { clock } = environment
    const fileSystem = this.#files.fileSystem(environment)
    const voters = environment.members.map(({ id }) => id)
    const file = await MemberFile.open({ directory: DIRECTORY, storeId, voters, fileSystem, clock, randomBytes: this.#randomBytes })
    this.#newest.set(environment.id, { storeId, starts: file.starts })
    return file
  }

  /** A message counts when its sender is remembered, durably. */
  #checkRemembered(id: MemberId, from: MemberId): void {
    if (this.#known.get(id)?.has(from) === true) return
    this.#onViolation('messages count from members that are remembered', `${id} hears from ${from}, of which its disk knows nothing`)
  }

  /** The same file, with what has become durable written down beside it. */
  #observed(id: MemberId, file: MemberFile): Parameters<typeof memberIdentity>[0] {
    const known = this.#known.get(id) ?? new Map<MemberId, MemberStart>()
    this.#known.set(id, known)
    // The process may have ended after that was durable, and before it knew.
    for (const peer of file.voters) {
      const start = file.known(peer)
      if (start !== null) known.set(peer, start)
    }
    return {
      storeId: file.storeId,
      starts: file.starts,
      boot: file.boot,
      history: file.history,
      voters: file.voters,
      known: (peer) => file.known(peer),
      remember: (peer, start, done) =>
        file.remember(peer, start, (error) => {
          if (error === null) known.set(peer, start)
          done(error)
        }),
      refused: (refusal, done) => {
        this.#refused.add(id)
        file.refused(refusal, done)
      },
    }
  }
}

/** A transport that is made when the member knows its directory, before its node begins. */
class LateTransport implements Transport {
  readonly #onMessage: (from: MemberId) => void
  #transport: Transport | null = null

  constructor(onMessage: (from: MemberId) => void) {
    this.#onMessage = onMessage
  }

  begin(transport: Transport): void {
    this.#transport = transport
  }

  attach(group: number, receiver: TransportReceiver): void {
    this.#transport?.attach(group, {
      onMessage: (from, message) => {
        this.#onMessage(from)
        receiver.onMessage(from, message)
      },
      onUnreachable: (peer) => receiver.onUnreachable(peer),
    })
  }

  setMembers(group: number, members: readonly Member[]): void {
    this.#transport?.setMembers(group, members)
  }

  detach(group: number): void {
    this.#transport?.detach(group)
  }

  send(to: MemberId, message: Message): void {
    this.#transport?.send(to, message)
  }
}
