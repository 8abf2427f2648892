import type { Prng } from '@raft/simulator'
import type { StoreClient } from '../workload/calls.js'
import type { Punctuality } from '../workload/punctuality.js'
import { EmbeddedClient, type HostedService } from './embedded-client.js'

export interface MemberClientsOptions {
  /** The member's service; null while its process does not run. */
  readonly serviceOf: (id: string) => HostedService | null
  /** A client that knows this member only. */
  readonly connect: (id: string) => StoreClient
  readonly requestTimeout: number
  readonly punctuality: Punctuality
  readonly random: Prng
}

/** Clients of one particular member each: one in its process, and one that is connected to it. */
export class MemberClients {
  readonly #options: MemberClientsOptions
  readonly #embedded = new Map<string, EmbeddedClient>()
  readonly #connected = new Map<string, StoreClient>()

  constructor(options: MemberClientsOptions) {
    this.#options = options
  }

  /** The one or the other, at random. */
  any(id: string): StoreClient {
    return this.#options.random.chance(0.5) ? this.embedded(id) : this.#connectedTo(id)
  }

  embedded(id: string): EmbeddedClient {
    const { serviceOf, requestTimeout, punctuality } = this.#options
    const client = this.#embedded.get(id) ?? new EmbeddedClient(() => serviceOf(id), requestTimeout, punctuality)
    this.#embedded.set(id, client)
    return client
  }

  /** The member's process is gone. */
  ended(id: string): void {
    this.#embedded.get(id)?.ended()
  }

  #connectedTo(id: string): StoreClient {
    const client = this.#connected.get(id) ?? this.#options.connect(id)
    this.#connected.set(id, client)
    return client
  }
}
