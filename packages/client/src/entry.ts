import { type Codec, copyOf, decodeText } from './codec.js'
import { ConfigurationError } from './errors.js'
import { decodeValue, encodeKey, encodePrefix, type Key } from './keys.js'
import type { RangeQuery } from './protocol/command.js'
import type { Entry as WireEntry } from './protocol/result.js'

/** A key, its value, and its history in numbers. */
export interface Entry<V> {
  /** As UTF-8; bytes that are none come out as U+FFFD: use `keyBytes` then. */
  readonly key: string
  /** A Buffer of its own. */
  readonly keyBytes: Uint8Array
  readonly value: V
  /** Revision of the write that created the key. */
  readonly createRevision: number
  /** Revision of the last write. */
  readonly modRevision: number
  /** 1 for a new key, one more with each write. */
  readonly version: number
}

/** Which keys, in bytewise order. */
export interface RangeSelection {
  /** Only keys that begin with it. Default: all. */
  readonly prefix?: Key
  /** Only keys behind this one. */
  readonly after?: Key
  /** Maximum number of entries. Default, and 0: no limit for `range`, the cluster's own where one answer must hold them all. */
  readonly limit?: number
}

/** One answer to a range. */
export interface Page<V> {
  /** Of the store, when it was read. */
  readonly revision: number
  readonly entries: readonly Entry<V>[]
  /** Whether keys follow that the limit cut off. */
  readonly more: boolean
}

const MAX_LIMIT = 0xffff_ffff

export function encodeRangeQuery(selection: RangeSelection): RangeQuery {
  const limit = selection.limit ?? 0
  if (!Number.isInteger(limit) || limit < 0 || limit > MAX_LIMIT)
    throw new ConfigurationError(`limit: a whole number of 0 or more was expected, not ${String(limit)}`)
  return {
    prefix: encodePrefix(selection.prefix ?? ''),
    after: selection.after === undefined ? null : encodeKey(selection.after),
    limit,
  }
}

export function decodeEntry<V>(entry: WireEntry, codec: Codec<V>): Entry<V> {
  return {
    key: decodeText(entry.key),
    keyBytes: copyOf(entry.key),
    value: decodeValue(codec, entry.value),
    createRevision: entry.createRevision,
    modRevision: entry.modRevision,
    version: entry.version,
  }
}
