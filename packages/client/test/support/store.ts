import { type KeyValue, Operation, type Range, type StepResult } from '@raft/commands'
import { type Command, decodeCommand } from './decode-command.js'

/** The least key-value store that gives the answers of a real one. */
export class Store {
  revision = 0
  readonly entries = new Map<string, KeyValue>()

  apply(bytes: Uint8Array): { command: Command; results: StepResult[]; succeeded: boolean; modRevision: number } {
    const command = decodeCommand(bytes)
    this.revision += 1
    if (command.operation === Operation.compareAndSet) {
      const current = this.get(command.key)?.modRevision ?? 0
      const succeeded = current === command.prevRevision
      if (succeeded) this.#put(command.key, command.value)
      return { command, results: [], succeeded, modRevision: this.get(command.key)?.modRevision ?? 0 }
    }
    if (command.operation === Operation.transaction) {
      const succeeded = command.compares.every((compare) => this.#holds(compare))
      const steps = succeeded ? command.success : command.failure
      return { command, results: steps.map((step) => this.#step(step)), succeeded, modRevision: 0 }
    }
    const kind = command.operation === Operation.put ? Operation.put : Operation.delete
    const value = command.operation === Operation.put ? command.value : NO_BYTES
    return { command, results: [this.#step({ kind, key: command.key, value })], succeeded: true, modRevision: this.revision }
  }

  get(key: Uint8Array): KeyValue | null {
    return this.entries.get(hex(key)) ?? null
  }

  range({ prefix = NO_BYTES, after, limit = 0 }: Range): { entries: KeyValue[]; more: boolean } {
    const keys = [...this.entries.keys()].filter((key) => key.startsWith(hex(prefix)) && (after === undefined || key > hex(after))).sort()
    const chosen = keys.slice(0, limit === 0 ? 1000 : limit)
    return { entries: chosen.map((key) => this.entries.get(key) as KeyValue), more: keys.length > chosen.length }
  }

  #holds(compare: { target: number; relation: number; key: Uint8Array; operand: Uint8Array | number }): boolean {
    const entry = this.get(compare.key)
    if (typeof compare.operand !== 'number') return entry !== null && hex(entry.value) === hex(compare.operand) && compare.relation === 1
    const actual = [0, 0, entry?.createRevision ?? 0, entry?.modRevision ?? 0, entry?.version ?? 0][compare.target] as number
    return [false, actual === compare.operand, actual !== compare.operand, actual < compare.operand, actual > compare.operand][
      compare.relation
    ] as boolean
  }

  #step(step: { kind: number; key: Uint8Array; value?: Uint8Array }): StepResult {
    if (step.kind === Operation.put) {
      const { createRevision, modRevision, version } = this.#put(step.key, step.value ?? NO_BYTES)
      return { type: 'put', createRevision, modRevision, version }
    }
    if (step.kind === Operation.delete) return { type: 'delete', deleted: this.entries.delete(hex(step.key)) }
    if (step.kind === Operation.get) return { type: 'get', entry: this.get(step.key) }
    return { type: 'range', ...this.range({ prefix: step.key }) }
  }

  #put(key: Uint8Array, value: Uint8Array): KeyValue {
    const before = this.get(key)
    const entry = {
      key: key.slice(),
      value: value.slice(),
      createRevision: before?.createRevision ?? this.revision,
      modRevision: this.revision,
      version: (before?.version ?? 0) + 1,
    }
    this.entries.set(hex(key), entry)
    return entry
  }
}

const NO_BYTES = new Uint8Array(0)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
