import { type EntryBatch, EntryKind, type StateMachine } from '@raft/core'
import type { Applied } from '../clients/direct-clients.js'
import type { StackFactory } from '../cluster/stack.js'
import { digest } from '../facts/entry-digest.js'
import type { Prng } from '../world/prng.js'
import { type DefaultStackOptions, defaultStack } from './default-stack.js'

/** The replicated list: a command is appended to it; the result is the list's length. */
export class ListMachine implements StateMachine<number> {
  lastApplied: number
  length = 0
  /** Of all that was appended. */
  hash = 0

  constructor(lastApplied = 0) {
    this.lastApplied = lastApplied
  }

  apply(entries: EntryBatch): (number | undefined)[] {
    const results: (number | undefined)[] = []
    for (let index = entries.firstIndex; index <= entries.lastIndex; index++) {
      const isCommand = entries.kind(index) === EntryKind.Command
      if (isCommand) {
        const payload = entries.payload(index)
        this.length += 1
        this.hash = (this.hash * 31 + (digest(0, payload, 0, payload.length) % 0x1_0000_0000)) % 0x1_0000_0000
      }
      results.push(isCommand ? this.length : undefined)
    }
    this.lastApplied = entries.lastIndex
    return results
  }
}

/** Commands that are all different, some of them long. */
function command(random: Prng): Uint8Array {
  return random.bytes(8 + (random.chance(0.03) ? random.below(4000) : random.below(40)))
}

interface ListStackOptions extends Pick<DefaultStackOptions<ListMachine>, 'storage' | 'transport'> {
  readonly machine?: (lastApplied: number) => ListMachine
}

/** A cluster that replicates a list, from an index that may be very large: for simulations of what is below the state machine. */
export function listStackOf({
  machine = (index) => new ListMachine(index),
  ...layers
}: ListStackOptions): StackFactory<unknown, Applied<unknown>> {
  return (context) => {
    const index = context.random.pick([0, 0, 0, 2 ** 31 - 5, 2 ** 32 - 5, 2 ** 52 - 5])
    return defaultStack({
      ...layers,
      base: { index, term: index === 0 ? 0 : 3 },
      stateMachine: () => machine(index),
      command,
      digest: (one) => `${one.length} ${one.hash}`,
    })(context)
  }
}

export const listStack = listStackOf({})
