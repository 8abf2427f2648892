const PAGE = 16 * 1024

/** Bytes without end, all of them zero at first. Pages that hold nothing else take no memory. */
export class SparseBytes {
  readonly #pages: (Uint8Array | undefined)[] = []

  read(target: Uint8Array, position: number): void {
    for (let done = 0; done < target.length; ) {
      const within = (position + done) % PAGE
      const length = Math.min(PAGE - within, target.length - done)
      const page = this.#pages[(position + done - within) / PAGE]
      if (page === undefined) target.fill(0, done, done + length)
      else target.set(page.subarray(within, within + length), done)
      done += length
    }
  }

  write(source: Uint8Array, position: number): void {
    for (let done = 0; done < source.length; ) {
      const within = (position + done) % PAGE
      const length = Math.min(PAGE - within, source.length - done)
      const number = (position + done - within) / PAGE
      const part = source.subarray(done, done + length)
      this.#pageFor(number, part)?.set(part, within)
      done += length
    }
  }

  zero(from: number, to: number): void {
    for (let at = from; at < to; ) {
      const within = at % PAGE
      const length = Math.min(PAGE - within, to - at)
      const number = (at - within) / PAGE
      this.#pages[number]?.fill(0, within, within + length)
      at += length
    }
  }

  /** Zero from here on. */
  cut(position: number): void {
    const kept = Math.ceil(position / PAGE)
    this.#pages.length = Math.min(this.#pages.length, kept)
    this.zero(position, kept * PAGE)
  }

  /** A copy of the bytes; null where they are zero and no page holds them. */
  copy(from: number, to: number): Uint8Array | null {
    for (let number = Math.floor(from / PAGE); number * PAGE < to; number++) {
      if (this.#pages[number] === undefined) continue
      const bytes = new Uint8Array(to - from)
      this.read(bytes, from)
      return bytes
    }
    return null
  }

  #pageFor(number: number, part: Uint8Array): Uint8Array | null {
    const page = this.#pages[number]
    if (page !== undefined) return page
    if (isZero(part)) return null
    const fresh = new Uint8Array(PAGE)
    // No holes: arrays with holes are slow.
    while (this.#pages.length < number) this.#pages.push(undefined)
    this.#pages[number] = fresh
    return fresh
  }
}

function isZero(bytes: Uint8Array): boolean {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes.length >>> 2 : 0
  const words = new Int32Array(bytes.buffer, aligned === 0 ? 0 : bytes.byteOffset, aligned)
  for (let i = 0; i < aligned; i++) if (words[i] !== 0) return false
  for (let i = aligned * 4; i < bytes.length; i++) if (bytes[i] !== 0) return false
  return true
}
