import type { World } from './world.js'

export interface Operation {
  readonly kind: 'append' | 'read'
  /** Of an append: what it appends, unique. */
  readonly number: number
  /** The longest list that anybody had been shown when this began. */
  readonly floor: number
  readonly by: string
  outcome: 'pending' | 'ok' | 'refused' | 'unknown'
}

/**
 * What clients were told. The list only grows, and every answer names a length, so linearizability is one comparison: what
 * begins after an answer must find a list at least that long, and append behind it.
 */
export class History {
  acknowledged = 0
  reads = 0
  refused = 0
  unknown = 0
  readonly #world: World
  readonly #appends = new Map<number, Operation>()
  readonly #list: number[] = []
  readonly #places = new Map<number, number>()
  #shown = 0
  #next = 1

  constructor(world: World) {
    this.#world = world
  }

  get length(): number {
    return this.#list.length
  }

  begin(kind: 'append' | 'read', by: string): Operation {
    const operation: Operation = { kind, number: kind === 'append' ? this.#next++ : 0, floor: this.#shown, by, outcome: 'pending' }
    if (kind === 'append') this.#appends.set(operation.number, operation)
    return operation
  }

  /** A member is the first to apply the command that appends `number`. */
  applied(number: number): void {
    const operation = this.#appends.get(number)
    if (operation === undefined) this.#world.violated('nothing from nowhere', `${number} was never proposed`)
    if (operation?.outcome === 'refused') this.#world.violated('refused is refused', `${number} was refused and is applied`)
    if (this.#places.has(number)) this.#world.violated('exactly once', `${number} is applied at ${this.#places.get(number)} and again`)
    this.#list.push(number)
    this.#places.set(number, this.#list.length)
  }

  appended(operation: Operation, length: number): void {
    this.#settle(operation, 'ok')
    this.acknowledged += 1
    if (this.#list[length - 1] !== operation.number) {
      this.#world.violated('each its own result', `${operation.number} was told place ${length}, where ${this.#list[length - 1]} is`)
    }
    if (length <= operation.floor) {
      this.#world.violated('linearizable', `${operation.number} was appended at ${length} after ${operation.floor} had been shown`)
    }
    this.#shown = Math.max(this.#shown, length)
  }

  read(operation: Operation, length: number): void {
    this.#settle(operation, 'ok')
    this.reads += 1
    if (length < operation.floor) {
      this.#world.violated('linearizable', `${operation.by} read ${length} entries after ${operation.floor} had been shown`)
    }
    this.#shown = Math.max(this.#shown, length)
  }

  /** Certainly not appended. */
  refuse(operation: Operation): void {
    this.#settle(operation, 'refused')
    this.refused += 1
    if (this.#places.has(operation.number)) this.#world.violated('refused is refused', `${operation.number} was applied and is refused`)
  }

  leaveUnknown(operation: Operation): void {
    this.#settle(operation, 'unknown')
    this.unknown += 1
  }

  #settle(operation: Operation, outcome: Operation['outcome']): void {
    if (operation.outcome !== 'pending') {
      this.#world.violated(
        'answered once',
        `${operation.kind} ${operation.number} by ${operation.by}: ${operation.outcome}, then ${outcome}`,
      )
    }
    operation.outcome = outcome
  }
}
