import { type CallOptions, type Clock, RaftClient, RequestError } from '@raft/client'
import type { CommandOutcomes, Prng, Workload } from '@raft/simulator'
import { Calls, type StoreClient } from './calls.js'
import { checkHistory } from './check-history.js'
import { Generator } from './generator.js'
import { type Asked, History } from './history.js'
import { drawMix, type Mix } from './mix.js'
import { type Input, type Output, shownBy } from './operations.js'
import type { Punctuality } from './punctuality.js'
import { Values } from './values.js'
import { name } from './words.js'

export interface KeyValueWorkloadOptions {
  /** A client with its own connections, with `bytes` for its codec and no `idempotent` calls. */
  readonly connect: (id: string, random: () => number) => StoreClient
  readonly clock: Clock
  readonly random: Prng
  /** How the clients behave; what is left out is drawn. */
  readonly mix?: Partial<Mix>
  readonly onViolation: (oracle: string, message: string) => void
  /** Each answer, for the trace. */
  readonly note?: (what: string, ...parts: (string | number)[]) => void
  /** How often the model may be asked before the history is left undecided. Default that of `checkLinearizability`. */
  readonly maxSteps?: number
  /** What clients are told is compared with the logs. Default: with the history alone. */
  readonly outcomes?: CommandOutcomes
  /** Calls of clients of type `RaftClient` must end at their deadline; default: they need not. Others see to that themselves. */
  readonly punctuality?: Punctuality
  /** Of calls that have none of their own; in ms. Default 2000. */
  readonly requestTimeout?: number
}

export interface WorkloadCounts {
  ok: number
  failed: number
  unknown: number
  /** Histories that could not be decided. */
  undecided: number
  /** What the check of the history cost. */
  steps: number
}

/** Refusals that say something about the request; all others are somebody's mistake. */
const RIGHTLY_REFUSED = [
  'RAFT_COMMAND_TOO_LARGE',
  'RAFT_TRANSACTION_TOO_LARGE',
  'RAFT_TIMEOUT',
  'RAFT_ABORTED',
  'RAFT_OVERLOADED',
  'RAFT_CLOSED',
]

/** How long a probe waits for its answer, in ms. */
const PROBE_TIMEOUT = 2_000
const REQUEST_TIMEOUT = 2_000
/** Refusals of transactions that were carried out: they read more than they may, or there was no room for what they read. */
const CARRIED_OUT_IN_VAIN = ['RAFT_TRANSACTION_TOO_LARGE', 'RAFT_OVERLOADED']

/** An operation under way, as the oracles know it. */
interface Watched {
  readonly asked: Asked
  /** What `CommandOutcomes` calls it; null for reads. */
  readonly command: number | null
  readonly ended: () => void
}

interface Caller {
  readonly id: string
  readonly client: StoreClient
  readonly random: Prng
}

/**
 * Clients of the production key-value store, through the production client, who do everything that it can do, and whose history must
 * be linearizable. Each waits for its answers before it asks anew.
 */
export class KeyValueWorkload implements Workload {
  readonly mix: Mix
  readonly counts: WorkloadCounts = { ok: 0, failed: 0, unknown: 0, undecided: 0, steps: 0 }
  readonly #options: KeyValueWorkloadOptions
  readonly #values: Values
  readonly #calls: Calls
  readonly #generator: Generator
  readonly #history = new History()
  readonly #callers: readonly Caller[]
  #isActive = false

  constructor(options: KeyValueWorkloadOptions) {
    const { random, connect } = options
    this.#options = options
    this.mix = { ...drawMix(random.fork('mix')), ...options.mix }
    this.#values = new Values(random.fork('values'))
    this.#calls = new Calls(this.#values)
    this.#generator = new Generator(this.mix, random.fork('operations'), this.#values)
    this.#callers = Array.from({ length: this.mix.clients }, (_, i) => {
      const id = `c${i + 1}`
      const own = random.fork(id)
      return { id, client: connect(id, own.fork('client').next), random: own }
    })
  }

  start(): void {
    this.#isActive = true
    for (const caller of this.#callers) this.#think(caller)
  }

  stop(): void {
    this.#isActive = false
  }

  waiting(): string[] {
    return [...this.#history.open].map(({ client, input }) => `${client}: ${input.kind}${'key' in input ? ` ${name(input.key)}` : ''}`)
  }

  probe(done: (isDone: boolean) => void): void {
    const caller = this.#callers[0] as Caller
    this.#ask(caller, this.#generator.drawProbe(), { timeout: PROBE_TIMEOUT }, done)
  }

  /** One operation by this client, which need not be one of the workload's own. */
  operateAs(
    { id, client }: { readonly id: string; readonly client: StoreClient },
    kind: 'write' | 'read',
    done: (isDone: boolean) => void,
  ): void {
    const input = kind === 'write' ? this.#generator.drawWrite() : this.#generator.drawRead()
    this.#ask({ id, client }, input, { timeout: PROBE_TIMEOUT }, done)
  }

  /** Checks the history, with what is under way as of unknown outcome. */
  finish(): void {
    const { maxSteps, onViolation } = this.#options
    const limit = maxSteps === undefined ? {} : { maxSteps }
    const { violation, isDecided, steps } = checkHistory(this.#history.operations(), this.mix.keys, this.#values, limit)
    this.counts.steps += steps
    if (!isDecided) this.counts.undecided += 1
    if (violation !== null) onViolation(violation.oracle, violation.message)
  }

  /** Lets go of all connections. What is under way ends as unknown. */
  async close(): Promise<void> {
    this.stop()
    for (const { client } of this.#callers) await client.close()
  }

  /** Operations that are answered or of unknown outcome. */
  get size(): number {
    return this.#history.size
  }

  #think(caller: Caller): void {
    const { clock } = this.#options
    clock.schedule(clock.now() + caller.random.exponential(this.mix.thinkTime), () => {
      if (!this.#isActive) return
      let open = caller.random.chance(this.mix.burstChance) ? 2 + caller.random.below(this.mix.burst - 1) : 1
      const answered = () => {
        open -= 1
        if (open === 0) this.#think(caller)
      }
      for (let i = open; i > 0; i--) this.#askSomething(caller, answered)
    })
  }

  #askSomething(caller: Caller, answered: () => void): void {
    const { random } = caller
    const { impatience, patience, abortChance } = this.mix
    const { clock } = this.#options
    const timeout = random.chance(impatience) ? { timeout: 1 + random.next() * patience } : {}
    if (!random.chance(abortChance)) {
      this.#ask(caller, this.#generator.draw(), timeout, answered)
      return
    }
    const controller = new AbortController()
    const cancel = clock.schedule(clock.now() + random.next() * patience, () => controller.abort())
    this.#ask(caller, this.#generator.draw(), { ...timeout, signal: controller.signal }, () => {
      cancel()
      answered()
    })
  }

  #ask({ id, client }: Pick<Caller, 'id' | 'client'>, input: Input, options: CallOptions, done: (isDone: boolean) => void): void {
    const watched = this.#watch(id, client, input, options)
    this.#calls.call(client, input, options).then(
      (output) => {
        this.#succeeded(watched, output)
        this.#generator.see(shownBy(input, output))
        this.#options.note?.(`${id} is answered`, input.kind)
        done(true)
      },
      (error: unknown) => {
        this.#failed(watched, error)
        this.#options.note?.(`${id} is refused`, input.kind, error instanceof RequestError ? error.code : 'error')
        done(false)
      },
    )
  }

  #watch(id: string, client: StoreClient, input: Input, { timeout }: CallOptions): Watched {
    const { clock, outcomes, punctuality, requestTimeout = REQUEST_TIMEOUT } = this.#options
    const asked = this.#history.ask(`${id} at ${Math.round(clock.now())} ms`, input)
    const bytes = outcomes === undefined ? null : this.#calls.command(input)
    const command = bytes === null ? null : (outcomes?.begin(bytes, asked.client) ?? null)
    // A range is several calls, one after the other.
    const isOneCall = client instanceof RaftClient && !(input.kind === 'range' && input.how === 'range')
    const ended = isOneCall ? punctuality?.begin(clock, timeout ?? requestTimeout, `${asked.client}: ${input.kind}`) : undefined
    return { asked, command, ended: ended ?? (() => {}) }
  }

  #succeeded({ asked, command, ended }: Watched, output: Output): void {
    ended()
    this.#history.answer(asked, output)
    this.counts.ok += 1
    if (command !== null) this.#options.outcomes?.succeed(command, asked.client)
  }

  #failed({ asked, command, ended }: Watched, error: unknown): void {
    ended()
    if (error instanceof RequestError && error.outcomeUnknown) {
      this.counts.unknown += 1
      this.#history.leaveUnknown(asked)
      return
    }
    this.counts.failed += 1
    this.#history.fail(asked)
    const code = error instanceof RequestError ? error.code : null
    if (code === null || !RIGHTLY_REFUSED.includes(code))
      this.#options.onViolation('answers that make sense', `${asked.client}: ${asked.input.kind} ends with ${String(error)}`)
    const wasInVain = asked.input.kind === 'transaction' && code !== null && CARRIED_OUT_IN_VAIN.includes(code)
    if (command !== null && !wasInVain) this.#options.outcomes?.refuse(command, asked.client)
  }
}
