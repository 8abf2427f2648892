import type { EntryBatch } from '@raft/core'
import type { World } from '../world/world.js'
import { entryDigest } from './entry-digest.js'
import { ShadowLog } from './shadow-log.js'

/** Is told of entries by what they are: see `entryDigest`. */
export interface EntryWatcher {
  /** A member asks its storage to write the entry. The same entry comes once for each member, and again where it is written again. */
  appended(index: number, term: number, digest: number): void
  /** The first member is about to apply the entry. */
  committed(digest: number): void
}

/** An entry that the cluster has committed, as the first member that applied it saw it. */
export interface CommittedEntry {
  readonly kind: number
  readonly term: number
  readonly digest: number
}

export interface FactsOptions {
  readonly members: readonly string[]
  readonly baseIndex: number
  readonly baseTerm: number
  /** In ms. */
  readonly electionTimeout: number
  readonly maxPending: number
  readonly maxWindowBytes: number
  readonly maxInflightBytes: number
  readonly maxInflightMessages: number
}

/** What is known of the cluster from outside: the oracles compare what they see with it. Nothing here looks into State. */
export class Facts {
  readonly world: World
  readonly options: FactsOptions
  /** By member. */
  readonly logs: ReadonlyMap<string, ShadowLog>
  /** Of all terms in which somebody has led. */
  newestLeaderTerm = 0
  /** Null: nobody wants to be told. */
  entryWatcher: EntryWatcher | null = null
  readonly #committed: CommittedEntry[] = []
  /** By member that has lost what it had on its disk: what that was. */
  readonly #lost = new Map<string, ShadowLog>()

  constructor(world: World, options: FactsOptions) {
    this.world = world
    this.options = options
    this.logs = new Map(options.members.map((id) => [id, new ShadowLog(options.baseIndex, options.baseTerm)]))
  }

  get members(): readonly string[] {
    return this.options.members
  }

  /** The last index that a member has applied. */
  get committedIndex(): number {
    return this.options.baseIndex + this.#committed.length
  }

  get lastCommitted(): CommittedEntry | undefined {
    return this.#committed.at(-1)
  }

  /** The member is about to lose what it has on its disk, and the others remember that. */
  castOut(id: string): void {
    this.#lost.set(id, this.log(id).copy())
  }

  /** Whether the member has, or had before it lost its disk, an entry of this term there: it was right to count it. */
  hasStored(id: string, index: number, term: number): boolean {
    return this.log(id).termAt(index) === term || this.#lost.get(id)?.termAt(index) === term
  }

  isMajority(count: number): boolean {
    return count * 2 > this.members.length
  }

  log(id: string): ShadowLog {
    const log = this.logs.get(id)
    if (log === undefined) throw new Error(`there is no member ${id}`)
    return log
  }

  committedAt(index: number): CommittedEntry | undefined {
    return this.#committed[index - this.options.baseIndex - 1]
  }

  /** A member asks its storage to write these entries. */
  append(batches: readonly EntryBatch[]): void {
    const { entryWatcher } = this
    if (entryWatcher === null) return
    for (const entries of batches) forEachTerm(entries, (index, term) => entryWatcher.appended(index, term, entryDigest(entries, index)))
  }

  commit(entries: EntryBatch, index: number): CommittedEntry {
    const entry = { kind: entries.kind(index), term: entries.term(index), digest: entryDigest(entries, index) }
    this.#committed.push(entry)
    this.entryWatcher?.committed(entry.digest)
    return entry
  }

  violated(oracle: string, message: string): void {
    this.world.violated(oracle, message)
  }
}

/** Calls `visit` for every entry of the batch with its term, in order. */
export function forEachTerm(entries: EntryBatch, visit: (index: number, term: number) => void): void {
  let index = entries.firstIndex
  for (let i = 0; i < entries.runs.length; i++) {
    const term = entries.runs[i]?.term ?? 0
    const end = entries.runs[i + 1]?.firstIndex ?? entries.lastIndex + 1
    for (; index < end; index++) visit(index, term)
  }
}
