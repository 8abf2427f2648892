import { type EntryBatch, EntryKind, type StateMachine } from '../../src/index.js'
import type { Oracles } from './oracles.js'
import type { Process } from './storage.js'
import type { World } from './world.js'

/** The replicated list: a command appends its number; the result is the list's length after it. */
export class ListMachine implements StateMachine<number> {
  lastApplied: number
  length = 0
  process: Process
  readonly #world: World
  readonly #oracles: Oracles
  readonly #isAsync: boolean

  constructor(world: World, oracles: Oracles, process: Process, lastApplied: number, isAsync: boolean) {
    this.#world = world
    this.#oracles = oracles
    this.process = process
    this.lastApplied = lastApplied
    this.#isAsync = isAsync
  }

  apply(entries: EntryBatch): readonly (number | undefined)[] | Promise<readonly (number | undefined)[]> {
    this.#oracles.applying(this.process.id, this.lastApplied, entries)
    if (!this.#isAsync) return this.#apply(entries)
    return new Promise((resolve) => {
      const finished = this.process.bind(() => {
        resolve(this.#apply(entries))
        this.#world.promisesSettled = true
      })
      this.#world.after(this.#world.prng.exponential(1), finished)
    })
  }

  #apply(entries: EntryBatch): readonly (number | undefined)[] {
    const results: (number | undefined)[] = []
    for (let index = entries.firstIndex; index <= entries.lastIndex; index++) {
      const isCommand = entries.kind(index) === EntryKind.Command
      if (isCommand) this.length += 1
      results.push(isCommand ? this.length : undefined)
    }
    this.lastApplied = entries.lastIndex
    return results
  }
}

/** A command that appends `number`; `padding` more bytes make it long. */
export function encodeCommand(number: number, padding: number): Uint8Array {
  const bytes = new Uint8Array(4 + padding).fill(number & 0xff)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}

/** The number that the entry appends, negative where it is no command; NaN where its bytes are not those of a command. */
export function decodeEntry(entries: EntryBatch, index: number): number {
  const kind = entries.kind(index)
  if (kind !== EntryKind.Command) return -kind
  const payload = entries.payload(index)
  const number = new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getUint32(0)
  return payload.length === 4 || payload[payload.length - 1] === (number & 0xff) ? number : Number.NaN
}
