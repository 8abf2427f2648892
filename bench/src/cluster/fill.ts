import { keyOf } from './load-plan.js'
import type { Subject } from './subject.js'
import { connectTo } from './target.js'

const AT_ONCE = 2000

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
  const value = new Uint8Array(valueBytes).fill(0x76)
  let next = 0
  const some = async () => {
    while (next < entries) await target.put(keyOf(next++ % keys), value)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, some))
  await target.close()
}
