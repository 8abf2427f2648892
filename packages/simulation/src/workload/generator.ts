import type { Prng } from '@raft/simulator'
import { type Mix, weighted, weightedIndex } from './mix.js'
import type { Condition, Held, HeldUnder, Input, Range, Relation, Step } from './operations.js'
import type { Values } from './values.js'

/** In bytes. */
const LARGEST_SMALL_VALUE = 64

const RELATIONS: readonly Relation[] = ['equal', 'equal', 'notEqual', 'less', 'greater']

/** Draws what clients ask for. It is told what they are answered, so that conditions hold now and then. */
export class Generator {
  readonly #mix: Mix
  readonly #random: Prng
  readonly #values: Values
  /** Sums of the keys' weights, to draw one by. */
  readonly #sums: readonly number[]
  readonly #seen = new Map<string, Held>()

  constructor(mix: Mix, random: Prng, values: Values) {
    this.#mix = mix
    this.#random = random
    this.#values = values
    let sum = 0
    this.#sums = mix.keys.map((_, i) => {
      sum += 1 / (i + 1) ** mix.skew
      return sum
    })
  }

  see(shown: readonly HeldUnder[]): void {
    for (const one of shown) this.#seen.set(one.key, one)
  }

  draw(): Input {
    const kind = weighted(this.#random, this.#mix.kinds)
    switch (kind) {
      case 'put':
        return { kind, key: this.#key(), value: this.#value() }
      case 'delete':
        return { kind, key: this.#key() }
      case 'compareAndSet': {
        const key = this.#key()
        return { kind, key, prevRevision: this.#revision(key, 'modRevision'), value: this.#value() }
      }
      case 'get':
      case 'getEntry':
        return { kind: 'get', how: kind, key: this.#key(), consistency: weighted(this.#random, this.#mix.consistencies) }
      case 'page':
      case 'range':
        return { kind: 'range', how: kind, range: this.#range(), consistency: weighted(this.#random, this.#mix.consistencies) }
      case 'transaction':
        return {
          kind,
          conditions: this.#several(0, 3, () => this.#condition()),
          thenSteps: this.#several(1, 5, () => this.#step()),
          elseSteps: this.#several(0, 3, () => this.#step()),
        }
    }
  }

  /** Something that says whether the cluster works: a write or a read, never in vain. */
  drawProbe(): Input {
    const key = this.#key()
    return this.#random.chance(0.5) ? this.#write(key) : read(key)
  }

  /** A small write, which cannot fail for what the store holds. */
  drawWrite(): Input {
    return { kind: 'put', key: this.#key(), value: this.#values.make(this.#random.below(LARGEST_SMALL_VALUE)) }
  }

  drawRead(): Input {
    return read(this.#key())
  }

  #write(key: string): Input {
    return { kind: 'put', key, value: this.#value() }
  }

  #several<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: least + this.#random.below(most - least + 1) }, make)
  }

  #step(): Step {
    switch (this.#random.below(6)) {
      case 0:
        return { kind: 'delete', key: this.#key() }
      case 1:
      case 2:
        return { kind: 'get', key: this.#key() }
      case 3:
        return { kind: 'range', range: this.#range() }
      default:
        return { kind: 'put', key: this.#key(), value: this.#value() }
    }
  }

  #condition(): Condition {
    const key = this.#key()
    const relation = this.#random.pick(RELATIONS)
    const target = this.#random.pick(['value', 'createRevision', 'modRevision', 'version'] as const)
    const seen = this.#seen.get(key)
    if (target === 'value' && seen !== undefined && this.#values.isWritten(seen.value))
      return { key, relation, target, operand: seen.value }
    const number = target === 'value' ? 'version' : target
    return { key, relation, target: number, operand: this.#revision(key, number) }
  }

  /** Mostly what was seen last, sometimes that the key does not exist, sometimes something else. */
  #revision(key: string, target: 'createRevision' | 'modRevision' | 'version'): number {
    const seen = this.#seen.get(key)?.[target] ?? 0
    if (this.#random.chance(0.75)) return seen
    return this.#random.chance(0.5) ? 0 : this.#random.below(seen + 3)
  }

  #range(): Range {
    const key = this.#key()
    return {
      prefix: this.#random.chance(0.4) ? '' : key.slice(0, this.#random.below(4)),
      after: this.#random.chance(0.7) ? null : this.#key(),
      limit: this.#random.pick([0, 0, 1, 2, 5]),
    }
  }

  #key(): string {
    const drawn = this.#random.next() * (this.#sums.at(-1) ?? 0)
    return this.#mix.keys[this.#sums.findIndex((sum) => drawn < sum)] ?? (this.#mix.keys[0] as string)
  }

  #value(): number {
    const { sizes } = this.#mix
    const at = weightedIndex(
      this.#random,
      sizes.map(({ weight }) => weight),
    )
    const low = sizes[at - 1]?.upTo ?? -1
    const high = sizes[at]?.upTo ?? low + 1
    return this.#values.make(low + 1 + this.#random.below(high - low))
  }
}

function read(key: string): Input {
  return { kind: 'get', how: 'getEntry', key, consistency: 'linearizable' }
}
