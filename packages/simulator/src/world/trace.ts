type Part = string | number | boolean | null

/** A hash of everything that happened, and the last of it for people to read. */
export class Trace {
  readonly #last: [number, string, readonly Part[]][] = []
  #next = 0
  #hash = 0x811c_9dc5
  readonly #kept: number

  constructor(kept = 120) {
    this.#kept = kept
  }

  get hash(): number {
    return this.#hash >>> 0
  }

  note(time: number, what: string, ...parts: Part[]): void {
    this.#mix(time * 1024)
    this.#text(what)
    for (const part of parts) {
      if (typeof part === 'number') this.#mix(part)
      else this.#text(String(part))
    }
    this.#last[this.#next % this.#kept] = [time, what, parts]
    this.#next += 1
  }

  /** The last events, oldest first. */
  lines(): string[] {
    const from = Math.max(0, this.#next - this.#kept)
    return Array.from({ length: this.#next - from }, (_, i) => {
      const [time, what, parts] = this.#last[(from + i) % this.#kept] as [number, string, readonly Part[]]
      return `${time.toFixed(2).padStart(9)}  ${what} ${parts.join(' ')}`
    })
  }

  #mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ (value | 0), 0x0100_0193)
    this.#hash = Math.imul(this.#hash ^ Math.trunc(value / 0x1_0000_0000), 0x0100_0193)
    this.#hash ^= this.#hash >>> 15
  }

  #text(text: string): void {
    for (let i = 0; i < text.length; i++) this.#hash = Math.imul(this.#hash ^ text.charCodeAt(i), 0x0100_0193)
  }
}
