const WINDOW = 8192

/** Remembers which of the last 8,192 counters were seen (RFC 4303 §3.4.3); anything older counts as seen. */
export class ReplayWindow {
  readonly #bits = new Uint32Array(WINDOW / 32)
  #next = 0

  /** One above the highest counter seen. */
  get next(): number {
    return this.#next
  }

  seen(counter: number): boolean {
    if (counter >= this.#next) return false
    if (counter < this.#next - WINDOW) return true
    const at = counter % WINDOW
    return (((this.#bits[at >>> 5] as number) >>> (at & 31)) & 1) === 1
  }

  /** To be called once the datagram has been authenticated. */
  mark(counter: number): void {
    if (counter >= this.#next) {
      if (counter - this.#next >= WINDOW) this.#bits.fill(0)
      else for (let skipped = this.#next; skipped < counter; skipped++) this.#clear(skipped % WINDOW)
      this.#next = counter + 1
    }
    const at = counter % WINDOW
    this.#bits[at >>> 5] = (this.#bits[at >>> 5] as number) | (1 << (at & 31))
  }

  #clear(at: number): void {
    this.#bits[at >>> 5] = (this.#bits[at >>> 5] as number) & ~(1 << (at & 31))
  }
}
