import { ConfigurationError } from './call-errors.js'
import { type Codec, copyOf, decodeText } from './codec.js'
import type { Range } from './command.js'
import { decodeValue, encodeKey, encodePrefix, type Key } from './keys.js'
import type { KeyValue, RangeResult } from './result.js'

/** A key, its value, and its history in numbers. */
export interface Entry<V> extends Omit<KeyValue, 'key' | 'value'> {
  /** As UTF-8; bytes that are none come out as U+FFFD: use `keyBytes` then. */
  readonly key: string
  /** A Buffer of its own. */
  readonly keyBytes: Uint8Array
  readonly value: V
}

/** One answer to a range. */
export type Page<V> = RangeResult<Entry<V>>

const MAX_LIMIT = 0xffff_ffff

/** @throws KeyError, ConfigurationError */
export function encodeRange({ prefix, after, limit = 0 }: Range<Key>): Range {
  if (!Number.isInteger(limit) || limit < 0 || limit > MAX_LIMIT)
    throw new ConfigurationError(`limit: a whole number of 0 or more was expected, not ${String(limit)}`)
  const range = { prefix: encodePrefix(prefix ?? ''), limit }
  return after === undefined ? range : { ...range, after: encodeKey(after) }
}

export function decodeEntry<V>(entry: KeyValue, codec: Codec<V>): Entry<V> {
  return {
    key: decodeText(entry.key),
    keyBytes: copyOf(entry.key),
    value: decodeValue(codec, entry.value),
    createRevision: entry.createRevision,
    modRevision: entry.modRevision,
    version: entry.version,
  }
}

export function decodePage<V>({ revision, entries, more }: RangeResult, codec: Codec<V>): Page<V> {
  return { revision, entries: entries.map((entry) => decodeEntry(entry, codec)), more }
}
