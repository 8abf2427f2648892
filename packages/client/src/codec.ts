/** Turns values into the bytes that are stored, and back. It may throw for a value that it does not take: the call rejects then. */
export interface Codec<V> {
  encode(value: V): Uint8Array
  /** `bytes` is a view of what arrived: copy what is kept. */
  decode(bytes: Uint8Array): V
}

/** Whatever JSON can hold. The default. */
export const json: Codec<unknown> = {
  encode(value) {
    const text: string | undefined = JSON.stringify(value)
    if (text === undefined) throw new TypeError(`JSON has no form for ${typeof value}`)
    return Buffer.from(text, 'utf8')
  },
  decode: (bytes) => JSON.parse(decodeText(bytes)),
}

/** UTF-8. */
export const text: Codec<string> = {
  encode: (value) => Buffer.from(value, 'utf8'),
  decode: decodeText,
}

/** The bytes themselves, copied when they are read, so that they are the caller's to keep and to change. */
export const bytes: Codec<Uint8Array> = {
  encode: (value) => value,
  decode: (value) => Uint8Array.prototype.slice.call(value),
}

export function decodeText(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8')
}
