import type { DiskFile } from '../../../src/index.js'
import { filled } from './machine.js'

/** What each byte of a file may be after a crash: what it durably was, and whatever has been written to it since. */
export class ByteModel {
  readonly #size: number
  #allowed: Set<number>[]
  #leastSize = 0

  constructor(size: number) {
    this.#size = size
    this.#allowed = Array.from({ length: size }, () => new Set([0]))
  }

  get size(): number {
    return this.#size
  }

  /** Gives what tells whether the write was done. */
  write(file: DiskFile, value: number, from: number, to: number): () => boolean {
    let isDone = false
    for (let at = from; at < to; at++) this.#allowed[at]?.add(value)
    file.write(filled(to - from, value), 0, to - from, from, (error) => {
      if (error !== null) return
      isDone = true
      this.#leastSize = Math.max(this.#leastSize, to)
    })
    return () => isDone
  }

  /** These bytes, and no others, as long as nothing is written to them. */
  isDurable(value: number, from: number, to: number): void {
    for (let at = from; at < to; at++) this.#allowed[at] = new Set([value])
  }

  isDurably(bytes: Uint8Array): void {
    this.#leastSize = bytes.length
    this.#allowed = Array.from({ length: this.#size }, (_, at) => new Set([bytes[at] ?? 0]))
  }

  /** What is wrong with these, or null. */
  objection(bytes: Uint8Array): string | null {
    if (bytes.length < this.#leastSize) return `${bytes.length} bytes, where ${this.#leastSize} were durable`
    const wrong = bytes.findIndex((byte, at) => !this.#allowed[at]?.has(byte))
    return wrong === -1 ? null : `byte ${wrong} is ${bytes[wrong]}, and may be ${[...(this.#allowed[wrong] ?? [])].join(' or ')}`
  }
}
