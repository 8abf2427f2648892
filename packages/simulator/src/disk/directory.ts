import type { Prng } from '../world/prng.js'
import { Inode } from './inode.js'
import type { Losses } from './losses.js'

/** More names than this that one entry has had are not told apart. */
const MOST_REMEMBERED = 8

interface EntryState {
  /** What the name leads to; null when there is no such name. */
  readonly inode: Inode | null
  /** The change that made it so. */
  readonly since: number
}

/**
 * The names in a directory. Until they are synced, every name may be on the disk as it is or as it has been since the last
 * sync, each by itself: a rename may have made the new name and not removed the old one, or the other way round.
 */
export class Directory {
  /** A loss of power leaves it. */
  isDurable = false
  readonly #names = new Map<string, Inode>()
  /** Of the names that changed: the durable state first, the present one last. */
  readonly #unsynced = new Map<string, EntryState[]>()
  #changes = 0

  /** How many changes there were: the measure of what a sync is asked to store. */
  get changes(): number {
    return this.#changes
  }

  names(): string[] {
    return [...this.#names.keys()]
  }

  get(name: string): Inode | null {
    return this.#names.get(name) ?? null
  }

  set(name: string, inode: Inode | null): void {
    const history = this.#unsynced.get(name) ?? [{ inode: this.get(name), since: 0 }]
    this.#changes += 1
    history.push({ inode, since: this.#changes })
    if (history.length > MOST_REMEMBERED) history.splice(1, 1)
    this.#unsynced.set(name, history)
    this.#show(name, inode)
  }

  /** An empty file. */
  make(name: string): Inode {
    const inode = new Inode()
    this.set(name, inode)
    return inode
  }

  /** Durably, at once. */
  put(name: string, inode: Inode | null): void {
    this.#unsynced.delete(name)
    this.#show(name, inode)
  }

  /** What was changed up to here is durable. */
  sync(changes: number): void {
    for (const [name, history] of this.#unsynced) {
      const durable = history.findLastIndex(({ since }) => since <= changes)
      history.splice(0, durable)
      if (history.length === 1) this.#unsynced.delete(name)
    }
  }

  crash(random: Prng, losses: Losses): void {
    for (const [name, history] of this.#unsynced) {
      const chosen = random.chance(0.5) ? history.length - 1 : random.below(history.length)
      if (chosen < history.length - 1) losses['lost directory entry'] += 1
      this.#show(name, history[chosen]?.inode ?? null)
    }
    this.#unsynced.clear()
  }

  /** Every file that has a name, or had one and may have it again. */
  inodes(): Set<Inode> {
    const inodes = new Set(this.#names.values())
    for (const history of this.#unsynced.values()) for (const { inode } of history) if (inode !== null) inodes.add(inode)
    return inodes
  }

  #show(name: string, inode: Inode | null): void {
    if (inode === null) this.#names.delete(name)
    else this.#names.set(name, inode)
  }
}
