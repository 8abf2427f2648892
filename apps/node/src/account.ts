/**
 * Bytes that are held for clients, and how many may be: requests that come, wait or are forwarded, and answers that are not yet
 * taken. A part, for a connection, has a limit of its own, and counts for the whole too.
 */
export class Account {
  readonly limit: number
  readonly #whole: Account | null
  #bytes = 0

  /** @param limit in bytes */
  constructor(limit: number, whole: Account | null = null) {
    this.limit = limit
    this.#whole = whole
  }

  /** An account that counts here too. */
  part(limit: number): Account {
    return new Account(limit, this)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Whether the limit is reached, here or in the whole. */
  get isFull(): boolean {
    return this.#bytes >= this.limit || this.#whole?.isFull === true
  }

  /** Whether this many bytes more may be held. Where nothing is, one is let in whatever its size. */
  hasRoomFor(bytes: number): boolean {
    return (this.#bytes === 0 || this.#bytes + bytes <= this.limit) && this.#whole?.hasRoomFor(bytes) !== false
  }

  /** Counts the bytes where there is room for them. */
  take(bytes: number): boolean {
    if (!this.hasRoomFor(bytes)) return false
    this.add(bytes)
    return true
  }

  /** Counts bytes that are held already; fewer where it is negative. */
  add(bytes: number): void {
    this.#bytes += bytes
    this.#whole?.add(bytes)
  }

  /** Gives back bytes that `take` or `add` has counted. */
  release(bytes: number): void {
    this.add(-bytes)
  }
}
