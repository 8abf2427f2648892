import { utf8 } from './binary.js'

/** Turns values into the bytes that are stored, and back. It may throw for a value that it does not take: the call rejects then. */
export interface Codec<V> {
  encode(value: V): Uint8Array
  /** `bytes` is a Buffer: a view of what arrived, so copy what is kept. */
  decode(bytes: Uint8Array): V
}

/** Whatever JSON can hold. The default. */
export const json: Codec<unknown> = {
  encode(value) {
    const text: string | undefined = JSON.stringify(value)
    if (text === undefined) throw new TypeError(`JSON has no form for ${typeof value}`)
    return Buffer.from(text, 'utf8')
  },
  decode: (bytes) => JSON.parse(decodeStrictly(bytes)),
}

/** UTF-8. It takes no string with lone surrogates, which UTF-8 cannot hold, and no bytes that are not UTF-8. */
export const text: Codec<string> = {
  encode(value) {
    if (typeof value !== 'string' || !value.isWellFormed()) throw new TypeError('a string without lone surrogates is needed')
    return Buffer.from(value, 'utf8')
  },
  decode: decodeStrictly,
}

/** The bytes themselves. What is read is a Buffer of its own, the caller's to keep and to change. */
export const bytes: Codec<Uint8Array> = {
  encode: (value) => value,
  decode: copyOf,
}

/** @throws TypeError when the bytes are not UTF-8. */
function decodeStrictly(value: Uint8Array): string {
  return utf8.decode(value)
}

/** Bytes that are not UTF-8 come out as U+FFFD. */
export function decodeText(value: Uint8Array): string {
  return asBuffer(value).toString('utf8')
}

/** The same memory. */
export function asBuffer(value: Uint8Array): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.length)
}

/** In Node's pool where it is small. */
export function copyOf(value: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafe(value.length)
  copy.set(value)
  return copy
}
