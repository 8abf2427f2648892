import type { TargetKind } from './target.js'

/** What the members of a cluster have taken so far. */
export interface Usage {
  /** Of the processors, in µs: the leader, and all together. */
  readonly leader: number
  readonly all: number
  /** Resident memory of the largest member, in bytes. */
  readonly memory: number
  /** What the leader has spent in collecting garbage, in ms, and in how many pauses of more than 10 ms; null where it does not tell. */
  readonly collecting: { readonly time: number; readonly longPauses: number } | null
}

/** A cluster of real processes that is measured. */
export interface Subject {
  /** As the tables call it. */
  readonly name: string
  readonly kind: TargetKind
  /** `host:port` of every member, for clients. */
  readonly addresses: readonly string[]
  /** Starts the members that do not run, and waits until they serve. */
  start(): Promise<void>
  /** Kills every member, and with `erase` removes what it has stored. */
  end(options?: { readonly erase: boolean }): Promise<void>
  /** The address of the leader. */
  leaderAddress(): Promise<string>
  /** kill -9. */
  killLeader(): Promise<void>
  usage(): Promise<Usage>
  /** The term, or what else counts elections. */
  term(): Promise<number>
}

export interface SubjectOptions {
  readonly members: number
  /** Empty; on the disk that is measured. */
  readonly directory: string
}
