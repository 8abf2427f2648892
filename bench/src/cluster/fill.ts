import { setTimeout } from 'node:timers/promises'
import { keyOf } from './load-plan.js'
import type { Subject } from './subject.js'
import { connectTo, type Target } from './target.js'

const AT_ONCE = 2000
/** Before a put counts as impossible, and ms between two tries. */
const MOST_TRIES = 50
const PAUSE = 200

export interface Filling {
  /** So many puts. */
  readonly entries: number
  /** Over so many keys, one after the other. */
  readonly keys: number
  readonly valueBytes: number
}

/** Puts entries as fast as it can, from this process. */
export async function fill({ kind, addresses }: Subject, { entries, keys, valueBytes }: Filling): Promise<void> {
  const target = connectTo(kind, addresses)
  await putAll(target, entries, (n) => keyOf(n % keys), new Uint8Array(valueBytes).fill(0x76), AT_ONCE)
  await target.close()
}

/**
 * Puts the value under `count` keys, so many at once. What is measured comes later: a put that fails, as one may whose outcome is
 * unknown since the members elected another leader meanwhile, is made again.
 */
export async function putAll(target: Target, count: number, key: (n: number) => string, value: Uint8Array, atOnce: number): Promise<void> {
  let next = 0
  const some = async () => {
    while (next < count) await putSurely(target, key(next++), value)
  }
  await Promise.all(Array.from({ length: atOnce }, some))
}

async function putSurely(target: Target, key: string, value: Uint8Array): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await target.put(key, value)
      return
    } catch (error) {
      if (tries === MOST_TRIES) throw error
      await setTimeout(PAUSE)
    }
  }
}
