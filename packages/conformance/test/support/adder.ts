import { type EntryBatch, EntryKind, type Random, type StateMachine } from '@raft/core'

/** A state machine for the tests: adds what commands of one byte say, and refuses others. */
export class Adder implements StateMachine<unknown> {
  lastApplied = 0
  sum = 0

  apply(entries: EntryBatch): readonly unknown[] {
    const results: unknown[] = []
    for (let index = entries.firstIndex; index <= entries.lastIndex; index++)
      results.push(entries.kind(index) === EntryKind.Command ? this.applyCommand(entries.payload(index)) : undefined)
    this.lastApplied = entries.lastIndex
    return results
  }

  applyCommand(command: Uint8Array): unknown {
    if (command.length !== 1) return { refused: `${command.length} bytes` }
    this.sum += command[0] as number
    return { sum: this.sum }
  }
}

export const addition = (random: Random) => Uint8Array.of(1 + Math.floor(random() * 255))
