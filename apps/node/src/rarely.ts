import type { Clock } from '@raft/core'

/** At most one line in this time for each thing that may happen thousands of times; ms. */
const INTERVAL = 60_000
/** Maximum number of keys that are told apart. */
const MAX_KEYS = 32
/** Stands for all keys beyond those. */
const OTHERS = Symbol('others')

interface Told {
  at: number
  /** How often it has happened since. */
  times: number
}

/**
 * Limits what is said about things that may happen again and again. The function that is returned tells that something has happened:
 * `say` is called the first time for each key, and then at most once a minute for the same key, with how often it has happened since
 * it was said last. Keys may come from outside: those beyond 32 in a minute share one.
 */
export function rarely<Details = void>(
  clock: Pick<Clock, 'now'>,
  say: (times: number, details: Details) => void,
): (details: Details, key?: string) => void {
  const told = new Map<string | symbol, Told>()
  const entryOf = (key: string, now: number): Told => {
    if (!told.has(key) && told.size >= MAX_KEYS) for (const [each, { at }] of told) if (now - at >= INTERVAL) told.delete(each)
    const name = told.has(key) || told.size < MAX_KEYS ? key : OTHERS
    const entry = told.get(name) ?? { at: Number.NEGATIVE_INFINITY, times: 0 }
    told.set(name, entry)
    return entry
  }
  return (details, key = '') => {
    const now = clock.now()
    const entry = entryOf(key, now)
    entry.times += 1
    if (now - entry.at < INTERVAL) return
    const { times } = entry
    entry.at = now
    entry.times = 0
    say(times, details)
  }
}
