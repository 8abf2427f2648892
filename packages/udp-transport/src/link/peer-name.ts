import { isIP } from 'node:net'
import { type HostPort, parseHostPort } from '@raft/system'
import type { TransportContext } from '../context.js'

/** Least time between two look-ups of a name, in ms. */
const INTERVAL = 1000
/** Upper bound on the time between two look-ups of a name that cannot be resolved, in ms. */
const MAX_INTERVAL = 10_000
/** For how long a look-up is waited for, in ms. After that it goes on, and no other is begun beside it. */
const LOOK_UP_TIMEOUT = 5000
/** Maximum number of addresses of one name that are tried. */
const MAX_ADDRESSES = 8

/**
 * The address of a peer as it was configured: a name, which means one address, several, or for a while none. A name that cannot be
 * resolved is looked up again until it can be.
 */
export class PeerName {
  readonly text: string
  readonly #context: TransportContext
  readonly #target: HostPort | null
  readonly #onAddresses: (addresses: readonly string[]) => void
  #known: readonly string[] = []
  #isLookingUp = false
  /** The look-up that goes on is not waited for any more. */
  #isOverdue = false
  #cancelTimeout: (() => void) | null = null
  /** No look-up is begun before. */
  #notBefore = Number.NEGATIVE_INFINITY
  #failures = 0
  #failure: string | null = null
  #cancel: (() => void) | null = null
  #isClosed = false

  /** @param onAddresses called after each look-up with at least one address, which may be before `lookUp` returns */
  constructor(context: TransportContext, text: string, onAddresses: (addresses: readonly string[]) => void) {
    this.text = text
    this.#context = context
    this.#target = parseHostPort(text)
    this.#onAddresses = onAddresses
  }

  /** The port at every address. */
  get port(): number {
    return this.#target?.port ?? 0
  }

  /** Why the name could not be resolved; null when it could be, or was not tried. */
  get failure(): string | null {
    return this.#failure
  }

  /** Whether another look-up may find other addresses. */
  get canChange(): boolean {
    return this.#target !== null && isIP(this.#target.host) === 0
  }

  /** Looks the name up: now, or as soon as that is not too often. */
  lookUp(): void {
    if (this.#isClosed || this.#cancel !== null) return
    if (this.#isLookingUp) {
      if (this.#isOverdue && this.#known.length > 0) this.#onAddresses(this.#known)
      return
    }
    if (this.#target === null) {
      this.#context.counters.socketErrors += 1
      this.#failure = 'it is not of the form host:port'
      return
    }
    const { clock } = this.#context.options
    if (!this.canChange || clock.now() >= this.#notBefore) this.#begin(this.#target.host)
    else this.#lookUpLater()
  }

  close(): void {
    this.#isClosed = true
    this.#cancel?.()
    this.#cancel = null
    this.#cancelTimeout?.()
    this.#cancelTimeout = null
  }

  #lookUpLater(): void {
    this.#cancel = this.#context.options.clock.schedule(this.#notBefore, () => {
      this.#cancel = null
      this.lookUp()
    })
  }

  #begin(host: string): void {
    const { clock, sockets } = this.#context.options
    this.#isLookingUp = true
    if (this.canChange) this.#cancelTimeout = clock.schedule(clock.now() + LOOK_UP_TIMEOUT, () => this.#overdue())
    sockets.lookup(host, (error, addresses) => {
      if (this.#isClosed) return
      this.#cancelTimeout?.()
      this.#cancelTimeout = null
      this.#isLookingUp = false
      this.#isOverdue = false
      this.#notBefore = clock.now() + INTERVAL
      if (error === null && addresses.length > 0) {
        this.#failures = 0
        this.#failure = null
        this.#known = [...new Set(addresses)].slice(0, MAX_ADDRESSES)
        this.#onAddresses(this.#known)
      } else this.#failed(error)
    })
  }

  /** The name service may never answer: until it does, the addresses that the name had before are tried. */
  #overdue(): void {
    this.#cancelTimeout = null
    this.#isOverdue = true
    if (this.#known.length > 0) this.#onAddresses(this.#known)
    else this.#failure = `the name service has not answered for ${LOOK_UP_TIMEOUT / 1000} s`
  }

  /** The addresses that the name had before may be right: it is the name server that may be out of reach. */
  #failed(error: Error | null): void {
    this.#context.counters.socketErrors += 1
    if (this.#known.length > 0) {
      this.#onAddresses(this.#known)
      return
    }
    this.#notBefore = this.#context.options.clock.now() + Math.min(MAX_INTERVAL, INTERVAL * 2 ** this.#failures)
    this.#failures = Math.min(this.#failures + 1, 10)
    this.#failure = error?.message ?? 'the name has no address'
    this.#lookUpLater()
  }
}
