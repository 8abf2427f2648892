import { checkSituation } from './checks.js'
import { type Move, Moves } from './moves.js'
import { type CreateState, emptyScope, type Faults, type Scope } from './scope.js'
import { hashOf, type Situation } from './situation.js'
import { StateSet } from './state-set.js'
import { Broken } from './violation.js'

export interface ExploreOptions {
  /** What the members are. Default: core's `State`. */
  readonly createState?: CreateState
  /** What is wrong with their surroundings. Default: nothing. */
  readonly faults?: Faults
  /** Gives up after so many states. Default: none. */
  readonly maxStates?: number
  /** Called for every depth that is done. */
  readonly onDepth?: (progress: { readonly depth: number; readonly states: number; readonly frontier: number }) => void
}

/** The shortest way to a broken promise. */
export interface Counterexample {
  readonly oracle: string
  readonly message: string
  /** What happened, each with the members as they were then. */
  readonly steps: readonly { readonly what: string; readonly members: readonly string[] }[]
}

export interface Exploration {
  /** Different ones: those that differ in the names of members alone count once. */
  readonly states: number
  /** Moves that were tried. */
  readonly moves: number
  /** Of the farthest state, in moves. */
  readonly depth: number
  /** Moves that led beyond the highest term. */
  readonly beyond: number
  /** Whether every state of the scope was seen. */
  readonly isExhausted: boolean
  readonly counterexample: Counterexample | null
}

interface Found {
  readonly situation: Situation
  /** Its number, in the order of discovery. */
  readonly number: number
}

/**
 * Visits every state that the members of a scope can come to, in every order of events, breadth first, and checks each: so what it
 * finds, it finds by the shortest way, and what it does not find is not in the scope. There is no model: the States are core's.
 * States are told apart by hashes of 64 bits; among ten million, two are confused with a chance of one in 400,000.
 */
export function explore(scope: Partial<Scope>, options: ExploreOptions = {}): Exploration {
  return new Explorer(new Moves({ ...emptyScope, ...scope }, options.faults ?? {}, options.createState), options).run()
}

class Explorer {
  readonly #rules: Moves
  readonly #options: ExploreOptions
  readonly #seen = new StateSet()
  readonly #trail = new Trail()
  #moves = 0
  #beyond = 0
  #depth = 0

  constructor(rules: Moves, options: ExploreOptions) {
    this.#rules = rules
    this.#options = options
  }

  run(): Exploration {
    const start = this.#rules.start()
    this.#seen.add(...hashOf(start))
    let frontier: Found[] = [{ situation: start, number: this.#trail.add(-1, 0) }]
    while (frontier.length > 0) {
      const next: Found[] = []
      for (const found of frontier) {
        const counterexample = this.#expand(found, next)
        if (counterexample !== null) return this.#result(false, counterexample)
        if (this.#seen.size >= (this.#options.maxStates ?? Number.POSITIVE_INFINITY)) return this.#result(false, null)
      }
      if (next.length > 0) this.#depth += 1
      this.#options.onDepth?.({ depth: this.#depth, states: this.#seen.size, frontier: next.length })
      frontier = next
    }
    return this.#result(true, null)
  }

  /** Adds what can come next, and is new, to `next`. */
  #expand({ situation, number }: Found, next: Found[]): Counterexample | null {
    const moves = this.#rules.from(situation)
    for (let choice = 0; choice < moves.length; choice++) {
      this.#moves += 1
      try {
        const after = this.#rules.play(situation, moves[choice] as Move)
        if (after === null) this.#beyond += 1
        else if (this.#seen.add(...hashOf(after))) {
          checkSituation(after)
          next.push({ situation: after, number: this.#trail.add(number, choice) })
        }
      } catch (error) {
        if (!(error instanceof Broken)) throw error
        return retell(this.#rules, [...this.#trail.to(number), choice], error)
      }
    }
    return null
  }

  #result(isExhausted: boolean, counterexample: Counterexample | null): Exploration {
    return { states: this.#seen.size, moves: this.#moves, depth: this.#depth, beyond: this.#beyond, isExhausted, counterexample }
  }
}

/** How each state was first come to. */
class Trail {
  #parents = new Int32Array(1024)
  #choices = new Uint16Array(1024)
  #size = 0

  add(parent: number, choice: number): number {
    if (this.#size === this.#parents.length) {
      const [parents, choices] = [new Int32Array(2 * this.#size), new Uint16Array(2 * this.#size)]
      parents.set(this.#parents)
      choices.set(this.#choices)
      this.#parents = parents
      this.#choices = choices
    }
    this.#parents[this.#size] = parent
    this.#choices[this.#size] = choice
    return this.#size++
  }

  /** The choices that lead to a state. */
  to(number: number): number[] {
    const choices: number[] = []
    for (let at = number; at > 0; at = this.#parents[at] as number) choices.unshift(this.#choices[at] as number)
    return choices
  }
}

function retell(rules: Moves, choices: readonly number[], { oracle, message }: Broken): Counterexample {
  const steps: { what: string; members: string[] }[] = []
  let situation = rules.start()
  for (const choice of choices) {
    const move = rules.from(situation)[choice]
    if (move === undefined) throw new Error('the way to a state is not repeatable: State must depend on nothing but its events')
    const what = rules.describe(situation, move)
    try {
      situation = rules.play(situation, move) ?? situation
    } catch (error) {
      if (!(error instanceof Broken)) throw error
    }
    steps.push({ what, members: situation.members.map(glance) })
  }
  return { oracle, message, steps }
}

function glance({ id, state, disk, write }: Situation['members'][number]): string {
  const { role, currentTerm, votedFor, commitIndex, log } = state
  const terms = Array.from({ length: log.lastIndex }, (_, at) => log.term(at + 1))
  const vote = votedFor === null ? '' : ` for ${votedFor}`
  return `${id} ${role} of ${currentTerm}${vote}: log [${terms.join(' ')}], ${disk.entries.length} on disk${write === null ? '' : ', writing'}, committed ${commitIndex}`
}
