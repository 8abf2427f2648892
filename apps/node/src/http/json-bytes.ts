import { isUtf8 } from 'node:buffer'
import type { KeyValue } from '@raft/commands'
import * as z from 'zod/mini'

/** Bytes in JSON: text where they are UTF-8, otherwise base64. */
export type JsonBytes = string | { readonly base64: string }

export function toJsonBytes(bytes: Uint8Array): JsonBytes {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return isUtf8(buffer) ? buffer.toString('utf8') : { base64: buffer.toString('base64') }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const EXPECTED = 'a string or {"base64": "…"}'
const TEXT = 'text without lone surrogates, which UTF-8 cannot hold; other bytes are {"base64": "…"}'

/** Reads the same from JSON. */
export const jsonBytes = z.pipe(
  z
    .union(
      [z.string(), z.strictObject({ base64: z.string({ error: EXPECTED }).check(z.regex(BASE64, { error: 'base64 with padding' })) })],
      { error: EXPECTED },
    )
    .check(z.refine((value) => typeof value !== 'string' || value.isWellFormed(), { error: TEXT })),
  z.transform((value): Uint8Array => (typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value.base64, 'base64'))),
)

export function toJsonEntry({ key, value, createRevision, modRevision, version }: KeyValue) {
  return { key: toJsonBytes(key), value: toJsonBytes(value), createRevision, modRevision, version }
}
