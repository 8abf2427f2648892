import type { Prng } from '@raft/simulator'
import type { Consistency } from './operations.js'

export const operationKinds = ['put', 'delete', 'compareAndSet', 'get', 'getEntry', 'page', 'range', 'transaction'] as const
export type OperationKind = (typeof operationKinds)[number]

/** Something that is drawn more often the more it weighs. */
export type Weights<T extends string> = Readonly<Record<T, number>>

/** How the clients of one seed behave. */
export interface Mix {
  readonly clients: number
  /** All keys that there are, the most used first. */
  readonly keys: readonly string[]
  /** The n-th key is drawn as often as 1/n to this power. */
  readonly skew: number
  readonly kinds: Weights<OperationKind>
  readonly consistencies: Weights<Consistency>
  /** Bytes of values: each size up to the first, up to the second, and so on, with its weight. */
  readonly sizes: readonly { readonly upTo: number; readonly weight: number }[]
  /** Between an answer and what the client asks next, in ms; the mean. */
  readonly thinkTime: number
  /** How likely a client asks for several things at once, and for how many at most. */
  readonly burstChance: number
  readonly burst: number
  /** How likely a client waits for a short time only, and how long that is at most, in ms. */
  readonly impatience: number
  readonly patience: number
  /** How likely a client gives up on its own, within its patience. */
  readonly abortChance: number
}

const PREFIXES = ['a/', 'a/b/', 'b', 'zoo/']
/** Bytes that are no text, the first and the last of all keys, one that is a prefix, one that is long. */
const ODD_KEYS = ['\x00', '\xff\xff', 'a/', `b${'-'.repeat(700)}`, 'a/\x80\xfe']

/** Swarm testing: each seed leaves something out, and does much of something else (Groce et al. 2012). */
export function drawMix(random: Prng): Mix {
  const isLarge = random.chance(0.15)
  return {
    clients: 1 + random.below(8),
    keys: drawKeys(random),
    skew: random.pick([0, 0.6, 1, 1.5]),
    kinds: drawKinds(random, isLarge),
    consistencies: { linearizable: 1, lease: random.pick([0, 0.3]), local: random.pick([0, 0, 0.1, 0.5]) },
    sizes: [
      { upTo: 0, weight: random.pick([0, 0.05]) },
      { upTo: 7, weight: random.pick([0, 0, 0.05, 0.3]) },
      { upTo: 64, weight: 1 },
      { upTo: 1_500, weight: random.pick([0, 0.2, 1]) },
      { upTo: 20_000, weight: random.pick([0, 0, 0.05]) },
      { upTo: 400_000, weight: isLarge ? random.pick([0.01, 0.05]) : 0 },
    ],
    thinkTime: random.pick([1, 5, 20, 60]) * random.between(0.5, 2),
    burstChance: random.pick([0, 0, 0.1, 0.3]),
    burst: 2 + random.below(15),
    impatience: random.pick([0, 0, 0.1, 0.5]),
    patience: random.between(20, 400),
    abortChance: random.pick([0, 0, 0.05]),
  }
}

function drawKeys(random: Prng): string[] {
  const count = random.pick([1, 2, 5, 12, 30, 60])
  const prefixes = PREFIXES.filter(() => random.chance(0.7))
  const keys = Array.from({ length: count }, (_, i) => `${prefixes.length === 0 ? '' : random.pick(prefixes)}${i}`)
  for (const odd of ODD_KEYS) if (random.chance(0.15)) keys[random.below(count)] = odd
  return [...new Set(keys)]
}

function drawKinds(random: Prng, isLarge: boolean): Weights<OperationKind> {
  const weight = () => random.pick([0, 0.2, 1, 1, 3])
  const drawn = { put: 0, delete: 0, compareAndSet: 0, get: 0, getEntry: 0, page: 0, range: 0, transaction: 0 }
  for (const kind of operationKinds) drawn[kind] = weight()
  // What does not fit into one answer is read in several, which are no longer one operation.
  if (isLarge) drawn.range = 0
  // Who never writes sees nothing, who never reads neither.
  if (drawn.put + drawn.transaction === 0) drawn.put = 1
  if (drawn.get + drawn.getEntry + drawn.page === 0) drawn.getEntry = 1
  return drawn
}

/** One of the names, by weight. */
export function weighted<T extends string>(random: Prng, weights: Weights<T>): T {
  const names = Object.keys(weights) as T[]
  return names[
    weightedIndex(
      random,
      names.map((name) => weights[name]),
    )
  ] as T
}

/** One of the places, by the weight that stands there. */
export function weightedIndex(random: Prng, weights: readonly number[]): number {
  let left = random.next() * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [i, weight] of weights.entries()) {
    left -= weight
    if (left < 0) return i
  }
  return 0
}
