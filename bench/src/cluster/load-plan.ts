import type { TargetKind } from './target.js'

/** What one process of load does. */
export interface LoadPlan {
  readonly target: TargetKind
  readonly addresses: readonly string[]
  /** Closed loop: so many operations under way at any time. */
  readonly outstanding: number
  /** Open loop: so many operations are begun a second, whatever becomes of the others. Null: closed loop. */
  readonly rate: number | null
  readonly valueBytes: number
  /** From 0 to 1: how many of the operations are linearizable reads. */
  readonly readShare: number
  /** How many keys there are. */
  readonly keys: number
  /** Which of `processes` this is: it decides the keys. */
  readonly process: number
  readonly processes: number
}

export type Order = { readonly order: 'fill' } | { readonly order: 'start' } | { readonly order: 'mark' } | { readonly order: 'stop' }

/** What a process of load has seen since it was told to mark. */
export interface LoadResult {
  readonly operations: number
  readonly failures: readonly string[]
  /** In µs since the mark. */
  readonly processorTime: number
  /** In seconds since the mark. */
  readonly seconds: number
  /** Latencies in µs, encoded by hdr-histogram-js. */
  readonly latencies: string
}

export function keyOf(n: number): string {
  return `key-${String(n).padStart(8, '0')}`
}
