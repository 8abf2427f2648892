import { type Effects, State } from '@raft/core/state'
import { describe, expect, it } from 'vitest'
import { type CreateState, type Exploration, explore, type Scope } from '../../src/index.js'

/**
 * How many states there are in small scopes. Another number means that the members behave in another way, or are told apart in
 * another way: find out why before you write it here.
 */
const GOLDEN: readonly (readonly [name: string, scope: Partial<Scope>, states: number])[] = [
  ['one election', { timeouts: 1 }, 257],
  ['one election, on slow disks', { timeouts: 1, writes: 'slow' }, 985],
  ['a command', { timeouts: 1, proposals: 1 }, 1161],
  ['a command and a crash', { timeouts: 1, proposals: 1, crashes: 1 }, 7343],
]

function oracleOf({ counterexample }: Exploration): string | null {
  return counterexample?.oracle ?? null
}

describe('exploring every order of events', () => {
  it.each(GOLDEN)('%s: no promise is broken, in as many states as ever', (_name, scope, states) => {
    const found = explore(scope)
    expect(found.counterexample).toBeNull()
    expect(found).toMatchObject({ isExhausted: true, states })
  })

  it('comes to every role, to committed and applied entries, and to answered reads', () => {
    const roles = new Set<string>()
    const most = { committed: 0, applied: 0, confirmed: 0 }
    class Watched extends State {
      override takeEffects(): Effects {
        const effects = super.takeEffects()
        roles.add(this.role)
        most.committed = Math.max(most.committed, this.commitIndex)
        most.applied = Math.max(most.applied, this.lastApplied)
        most.confirmed += effects.confirmedReads.length
        return effects
      }
    }
    forking(Watched)
    const createState: CreateState = (...parts) => new Watched(...parts)
    const scope: Partial<Scope> = { members: 2, timeouts: 2, proposals: 1, crashes: 1, writes: 'slow' }
    explore(scope, { createState })
    explore({ members: 2, timeouts: 1, reads: 1 }, { createState })
    expect([...roles].sort()).toEqual(['candidate', 'follower', 'leader', 'preCandidate'])
    expect(most.committed).toBeGreaterThan(1)
    expect(most.applied).toBeGreaterThan(1)
    expect(most.confirmed).toBeGreaterThan(0)
  })

  it('gives up when it was told to', () => {
    expect(explore({ timeouts: 1 }, { maxStates: 100 })).toMatchObject({ isExhausted: false, counterexample: null })
  })

  it('counts states that differ in the names of members once', () => {
    // Whoever of the five waits long enough first: one state, not five.
    expect(explore({ members: 5, timeouts: 1 }, { maxStates: 2 }).states).toBe(2)
  })

  it('tells what lies beyond the highest term, and does not go there', () => {
    const { beyond, isExhausted, states } = explore({ timeouts: 1, maxTerm: 0 })
    expect(beyond).toBeGreaterThan(0)
    expect(isExhausted).toBe(true)
    expect(states).toBeLessThan(explore({ timeouts: 1, maxTerm: 1 }).states)
  })
})

describe('what is wrong is found, by the shortest way', () => {
  const scope: Partial<Scope> = { timeouts: 2, crashes: 1 }

  it('a vote forgotten at a restart: two leaders of one term', () => {
    const found = explore(scope, { faults: { forgetsVotes: true } })
    expect(oracleOf(found)).toBe('election safety')
    expect(found.counterexample?.steps.map(({ what }) => what)).toHaveLength(11)
    expect(found.counterexample?.steps.at(-1)?.members).toContainEqual(expect.stringMatching(/^a leader of 1/))
  })

  it('a disk that takes back what it said was durable', () => {
    expect(oracleOf(explore(scope, { faults: { losesWrites: true } }))).toBe('matchIndex is true')
  })

  it('a network that gives messages to others than they were meant for', () => {
    expect(oracleOf(explore({ timeouts: 2 }, { faults: { misdelivers: true } }))).toBe('election safety')
  })

  it('a member that applies what was never committed', () => {
    class Hasty extends State {
      override get commitIndex(): number {
        return this.log.lastIndex
      }
    }
    forking(Hasty)
    expect(oracleOf(explore({ timeouts: 1 }, { createState: (...parts) => new Hasty(...parts) }))).toBe('committed is kept')
  })
})

/** `fork` makes a State; here it makes one of the class. */
function forking(kind: typeof State): void {
  const fork = State.prototype.fork
  kind.prototype.fork = function (this: State): State {
    return Object.setPrototypeOf(fork.call(this), kind.prototype)
  }
}
