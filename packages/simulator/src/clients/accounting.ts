import { EntryKind } from '@raft/core'
import { payloadDigest } from '../facts/entry-digest.js'
import type { Facts } from '../facts/facts.js'

export interface Operation {
  readonly kind: 'command' | 'read'
  /** Of a command: what it is. Equal commands are not told apart, they are counted. */
  readonly digest: number
  /** The highest index that anybody had been shown when this began. */
  readonly floor: number
  readonly by: string
  outcome: 'pending' | 'ok' | 'refused' | 'unknown'
}

interface Command {
  begun: number
  refused: number
  applied: number
}

/**
 * What clients were told, against what was committed. Every answer names a place in the log, and the log is one order of everything:
 * so the history is linearizable if whatever begins after an answer finds its place behind it, and each place was asked for once.
 */
export class Accounting {
  acknowledged = 0
  reads = 0
  refused = 0
  unknown = 0
  readonly #facts: Facts
  readonly #commands = new Map<number, Command>()
  /** Places that were given to somebody. */
  readonly #given = new Set<number>()
  /** Up to which committed entry commands were counted. */
  #counted: number
  #shown: number

  constructor(facts: Facts) {
    this.#facts = facts
    this.#counted = facts.options.baseIndex
    this.#shown = facts.options.baseIndex
  }

  beginCommand(payload: Uint8Array, by: string): Operation {
    const digest = payloadDigest(EntryKind.Command, payload)
    const command = this.#commands.get(digest) ?? { begun: 0, refused: 0, applied: 0 }
    command.begun += 1
    this.#commands.set(digest, command)
    return { kind: 'command', digest, floor: this.#shown, by, outcome: 'pending' }
  }

  beginRead(by: string): Operation {
    return { kind: 'read', digest: 0, floor: this.#shown, by, outcome: 'pending' }
  }

  /** The command was applied at `index`, says the node. */
  applied(operation: Operation, index: number): void {
    this.#settle(operation, 'ok')
    this.acknowledged += 1
    const entry = this.#facts.committedAt(index)
    if (entry?.digest !== operation.digest) this.#broken('each its own result', `${operation.by} answers with ${index}, which is another's`)
    if (this.#given.has(index)) this.#broken('each its own result', `${operation.by} answers with ${index}, as somebody did before`)
    this.#given.add(index)
    this.#show(operation, index)
  }

  /** The state was read, with everything up to `index` in it. */
  wasRead(operation: Operation, index: number): void {
    this.#settle(operation, 'ok')
    this.reads += 1
    this.#show({ ...operation, floor: operation.floor - 1 }, index)
  }

  /** Certainly without effect, says the node. */
  refuse(operation: Operation): void {
    this.#settle(operation, 'refused')
    this.refused += 1
    const command = this.#commands.get(operation.digest)
    if (operation.kind !== 'command' || command === undefined) return
    command.refused += 1
    this.#compare(command)
  }

  leaveUnknown(operation: Operation): void {
    this.#settle(operation, 'unknown')
    this.unknown += 1
  }

  /** What was committed meanwhile must have been asked for, and not been refused. */
  count(): void {
    const { committedIndex } = this.#facts
    while (this.#counted < committedIndex) {
      this.#counted += 1
      const entry = this.#facts.committedAt(this.#counted)
      if (entry === undefined || entry.kind !== EntryKind.Command) continue
      const command = this.#commands.get(entry.digest)
      if (command === undefined) this.#broken('nothing from nowhere', `what is applied at ${this.#counted} was never proposed`)
      else {
        command.applied += 1
        this.#compare(command)
      }
    }
  }

  #compare({ begun, refused, applied }: Command): void {
    if (applied > begun) this.#broken('exactly once', `a command that was proposed ${begun} times is applied ${applied} times`)
    if (applied > begun - refused) this.#broken('refused is refused', `of ${begun} commands ${refused} were refused and ${applied} applied`)
  }

  #show({ floor, by, kind }: Operation, index: number): void {
    if (index <= floor) this.#broken('linearizable', `a ${kind} at ${by} finds place ${index} after ${floor} had been shown`)
    this.#shown = Math.max(this.#shown, index)
  }

  #settle(operation: Operation, outcome: Operation['outcome']): void {
    if (operation.outcome !== 'pending')
      this.#broken('answered once', `a ${operation.kind} at ${operation.by}: ${operation.outcome}, then ${outcome}`)
    operation.outcome = outcome
  }

  #broken(oracle: string, message: string): void {
    this.#facts.violated(oracle, message)
  }
}
