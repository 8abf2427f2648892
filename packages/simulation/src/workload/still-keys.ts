import type { KnownPut } from './needed-changes.js'
import type { Held, HeldUnder } from './operations.js'

interface Put extends KnownPut {
  /** What was seen of it last; null if only that it was. */
  shown: HeldUnder | null
  until: number
  left: HeldUnder | null
}

/** At which revisions each key was put, and up to when it then stayed as it was, as far as answers tell. */
export class StillKeys {
  readonly #byKey = new Map<string, Map<number, Put>>()
  /** Sorted by revision; made when it is first asked for. */
  readonly #sorted = new Map<string, readonly Put[]>()

  put(key: string, revision: number): void {
    this.#put(key, revision)
  }

  /**
   * @param until the key was still so just before this revision
   * @param isBetween it may have been seen in the middle of a transaction
   */
  show(shown: HeldUnder, until: number, isBetween: boolean): void {
    const put = this.#put(shown.key, shown.modRevision)
    if (!isBetween) put.left = shown
    put.until = Math.max(put.until, until)
    // One transaction may put a key more than once: the last of them stays.
    if (put.shown === null || put.shown.version < shown.version) put.shown = shown
  }

  /** Whether the key can have changed at a revision at which no answer says that it did. */
  mayChange(key: string, revision: number): boolean {
    const puts = this.#of(key)
    let low = 0
    let high = puts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((puts[middle] as Put).revision < revision) low = middle + 1
      else high = middle
    }
    return revision >= (puts[low - 1]?.until ?? 0)
  }

  /** Whether what a put left behind is what was seen of it, if it was. */
  fits(key: string, { value, createRevision, modRevision, version }: Held): boolean {
    const left = this.#byKey.get(key)?.get(modRevision)?.left ?? null
    return left === null || (left.value === value && left.createRevision === createRevision && left.version === version)
  }

  /** All puts of all keys, by revision. */
  all(): ReadonlyMap<string, readonly KnownPut[]> {
    return new Map([...this.#byKey.keys()].map((key) => [key, this.#of(key)]))
  }

  #of(key: string): readonly Put[] {
    const found = this.#sorted.get(key)
    if (found !== undefined) return found
    const puts = [...(this.#byKey.get(key)?.values() ?? [])].sort((a, b) => a.revision - b.revision)
    countVersions(puts)
    this.#sorted.set(key, puts)
    return puts
  }

  #put(key: string, revision: number): Put {
    const puts = this.#byKey.get(key) ?? new Map<number, Put>()
    const put = puts.get(revision) ?? { revision, shown: null, until: revision, left: null }
    puts.set(revision, put)
    this.#byKey.set(key, puts)
    return put
  }
}

/** Where versions rose by as much as there were puts, there were no others in between. */
function countVersions(puts: readonly Put[]): void {
  let from = 0
  for (const [at, { shown }] of puts.entries()) {
    const last = puts[from]?.shown ?? null
    if (shown === null) continue
    if (last !== null && shown.createRevision === last.createRevision && shown.version === last.version + at - from)
      for (let i = from; i < at; i++) (puts[i] as Put).until = (puts[i + 1] as Put).revision
    from = at
  }
}
