import { type CallOptions, type Clock, type RaftClient, RequestError } from '@raft/client'
import { encodeDelete } from '@raft/commands'
import type { CommandOutcomes, Prng } from '@raft/simulator'
import type { Punctuality } from '../workload/punctuality.js'

/** Mean ms between two calls. */
const THINK_TIME = 15
/** Share of calls that are given little time, and how much that is at most, in ms. */
const IMPATIENCE = 0.5
const PATIENCE = 300

export interface RepeatedCallsOptions {
  readonly client: RaftClient<Uint8Array>
  readonly clock: Clock
  readonly random: Prng
  readonly outcomes: CommandOutcomes
  readonly punctuality: Punctuality
  /** Of calls that are given the usual time; in ms. */
  readonly requestTimeout: number
}

/**
 * Calls that the client may send again after an attempt of unknown outcome. Each deletes a key that nobody ever puts, so that it stands
 * in the logs as often as it was sent, and changes nothing that others see. A call that has once been taken by some member must never
 * be told as one without effect.
 */
export class RepeatedCalls {
  readonly #options: RepeatedCallsOptions
  #isActive = false
  #count = 0

  constructor(options: RepeatedCallsOptions) {
    this.#options = options
  }

  start(): void {
    this.#isActive = true
    this.#think()
  }

  stop(): void {
    this.#isActive = false
  }

  #think(): void {
    const { clock, random } = this.#options
    clock.schedule(clock.now() + random.exponential(THINK_TIME), () => {
      if (!this.#isActive) return
      this.#call()
      this.#think()
    })
  }

  #call(): void {
    const { client, clock, random, outcomes, punctuality, requestTimeout } = this.#options
    this.#count += 1
    const name = `repeated call ${this.#count}`
    const key = Buffer.from(name)
    const timeout = random.chance(IMPATIENCE) ? 1 + random.next() * PATIENCE : requestTimeout
    const options: CallOptions & { readonly idempotent: true } = { timeout, idempotent: true }
    const command = outcomes.begin(encodeDelete(key), name, { mayRepeat: true })
    const ended = punctuality.begin(clock, timeout, name)
    client.delete(key, options).then(
      () => {
        ended()
        outcomes.succeed(command, name)
      },
      (error: unknown) => {
        ended()
        if (error instanceof RequestError && !error.outcomeUnknown) outcomes.refuse(command, name)
      },
    )
  }
}
