import type { RaftClient } from '@raft/client'
import type { World } from '@raft/simulator'
import type { EmbeddedClient } from './embedded-client.js'
import type { MemberHoldings } from './served-member.js'

/** How often the accounts are compared with what there is, in ms. */
const INTERVAL = 25

type Numbers = Readonly<Record<string, number>>

/**
 * What clients and members count as held, queued or under way, against what is found where it lies: equal at all times, and zero once
 * everything is answered and nothing happens any more.
 */
export class Accounts {
  readonly #world: World
  readonly #members: () => Iterable<readonly [id: string, holdings: MemberHoldings]>
  readonly #clients = new Map<string, RaftClient<Uint8Array>>()
  /** By client, as several may be in one member: which. */
  readonly #embedded = new Map<EmbeddedClient, string>()

  constructor(world: World, members: () => Iterable<readonly [id: string, holdings: MemberHoldings]>) {
    this.#world = world
    this.#members = members
  }

  addClient(id: string, client: RaftClient<Uint8Array>): void {
    this.#clients.set(id, client)
  }

  addEmbedded(id: string, client: EmbeddedClient): void {
    this.#embedded.set(client, id)
  }

  /** Compares again and again, to the end of the run. */
  start(): void {
    this.#world.after(INTERVAL, () => {
      this.#compare()
      this.start()
    })
  }

  /** Which client waits for a sign of life of a member that it has asked; null where none does. */
  unfinished(): string | null {
    for (const [id, client] of this.#clients) if (client.holdings().isWatching) return `client ${id} waits for a sign of life`
    return null
  }

  /** Everything is answered, and nothing happens any more. */
  finish(): void {
    this.#compare()
    for (const [id, client] of this.#clients) {
      const { counted, takenBack, watched, isWatching } = client.holdings()
      this.#expectNothing(`client ${id}`, { ...counted, takenBack, watched, silenceWatch: Number(isWatching) })
    }
    for (const [client, id] of this.#embedded) this.#expectNothing(`the client in ${id}`, { waiting: client.waiting })
    for (const [id, { account, connections, access }] of this.#members()) {
      for (const { holdings } of connections) {
        const { requests, answers, reads, resultBytes, transitBytes, bytes } = holdings
        // A client that has vanished may have left the beginning of a request, which is held until its connection is idle for long.
        this.#expectNothing(`a connection to ${id}`, { requests, answers, reads, resultBytes, bytes: bytes - transitBytes })
      }
      const { operations, bytes, waiting } = access
      this.#expectNothing(`the way from ${id} to the leader`, { operations, bytes, waiting })
      for (const { requests, owed, counted } of access.connections)
        this.#expectNothing(`a connection from ${id} to the leader`, { requests, owed, ...counted })
      this.#expectNothing(id, { account: account - connections.reduce((sum, { holdings }) => sum + holdings.transitBytes, 0) })
    }
  }

  #compare(): void {
    for (const [id, client] of this.#clients) {
      const { counted, found, takenBack, watched } = client.holdings()
      this.#expectEqual(`client ${id}`, counted, found)
      if (found.pending + found.waiting === 0) this.#expectNothing(`client ${id}, which has no calls,`, { takenBack, watched })
    }
    for (const [id, { account, connections, access }] of this.#members()) {
      for (const { holdings, openBytes } of connections) {
        const { bytes, resultBytes, transitBytes } = holdings
        this.#expectEqual(`a connection to ${id}`, { bytes }, { bytes: openBytes + resultBytes + transitBytes })
      }
      for (const { counted, found } of access.connections) this.#expectEqual(`a connection from ${id} to the leader`, counted, found)
      const bytes = connections.reduce((sum, { holdings }) => sum + holdings.bytes, access.bytes)
      this.#expectEqual(`the account of ${id}`, { bytes: account }, { bytes })
    }
  }

  #expectEqual(who: string, counted: Numbers, found: Numbers): void {
    for (const [what, count] of Object.entries(counted)) {
      if (count !== found[what])
        this.#world.violated('accounts add up', `${who} counts ${count} for ${what}, where there are ${found[what]}`)
    }
  }

  #expectNothing(who: string, held: Numbers): void {
    for (const [what, count] of Object.entries(held)) {
      if (count !== 0) this.#world.violated('nothing is left', `${who} holds ${count} for ${what} when all is done`)
    }
  }
}
