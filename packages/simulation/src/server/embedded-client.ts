import { bytes, OutcomeUnknownError } from '@raft/commands'
import { EmbeddedStore, type KeyValueService } from '@raft/node/endpoint'
import type { StoreClient } from '../workload/calls.js'

/** A program in which a member is embedded: it asks that member, which carries its requests to whoever leads. */
export class EmbeddedClient extends EmbeddedStore<Uint8Array> implements StoreClient {
  /** What to tell those who wait when their process ends. */
  readonly #waiting = new Set<() => void>()

  /** @param service the member's service; null while its process does not run */
  constructor(service: () => KeyValueService | null, requestTimeout: number) {
    super({
      service: () => {
        const asked = service()
        if (asked === null) return null
        return {
          write: (...given) => this.#orEnded(asked.write(...given)),
          get: (...given) => this.#orEnded(asked.get(...given)),
          range: (...given) => this.#orEnded(asked.range(...given)),
        }
      },
      requestTimeout,
      codec: bytes,
    })
  }

  /** The process is gone, and this program with it: nobody knows what became of what it asked for. */
  ended(): void {
    for (const fail of this.#waiting) fail()
    this.#waiting.clear()
  }

  async close(): Promise<void> {
    this.ended()
  }

  /** The answer, where the process does not end before. */
  #orEnded<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new OutcomeUnknownError('the process ended'))
      this.#waiting.add(fail)
      answer.then(resolve, reject).finally(() => this.#waiting.delete(fail))
    })
  }
}
