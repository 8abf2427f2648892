import { bytes, OutcomeUnknownError } from '@raft/commands'
import type { Clock } from '@raft/core'
import { type EmbeddedService, EmbeddedStore } from '@raft/node/endpoint'
import type { StoreClient } from '../workload/calls.js'
import type { Punctuality } from '../workload/punctuality.js'

/** A member's service, and the clock of its process. */
export interface HostedService {
  readonly service: EmbeddedService
  readonly clock: Clock
}

/** A program in which a member is embedded: it asks that member, which carries its requests to whoever leads. */
export class EmbeddedClient extends EmbeddedStore<Uint8Array> implements StoreClient {
  readonly #punctuality: Punctuality
  /** What to tell those who wait when their process ends. */
  readonly #waiting = new Set<() => void>()

  /**
   * @param serviceOf the member's service; null while its process does not run
   * @param requestTimeout of calls that have none of their own; ms
   */
  constructor(serviceOf: () => HostedService | null, requestTimeout: number, punctuality: Punctuality) {
    const service = () => {
      const hosted = serviceOf()
      return hosted === null ? null : this.#mortal(hosted)
    }
    super({ service, requestTimeout, codec: bytes })
    this.#punctuality = punctuality
  }

  /** Calls that are not answered. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** The process is gone, and this program with it: nobody knows what became of what it asked for. */
  ended(): void {
    for (const fail of this.#waiting) fail()
    this.#waiting.clear()
  }

  async close(): Promise<void> {
    this.ended()
  }

  /** The service, whose answers do not come when the process ends before. */
  #mortal({ service, clock }: HostedService): EmbeddedService {
    return {
      write: (command, timeout) => this.#orEnded(service.write(command, timeout), clock, timeout),
      get: (key, consistency, timeout) => this.#orEnded(service.get(key, consistency, timeout), clock, timeout),
      range: (range, consistency, timeout) => this.#orEnded(service.range(range, consistency, timeout), clock, timeout),
    }
  }

  #orEnded<T>(answer: Promise<T>, clock: Clock, timeout: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new OutcomeUnknownError('the process ended'))
      const isPunctual = this.#punctuality.begin(clock, timeout, 'a call of a client in a member')
      const ended = () => {
        isPunctual()
        this.#waiting.delete(fail)
      }
      this.#waiting.add(fail)
      answer.finally(ended).then(resolve, reject)
    })
  }
}
