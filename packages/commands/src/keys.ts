import { KeyError, ValueError } from './call-errors.js'
import { asBuffer, type Codec } from './codec.js'
import { MAX_KEY_BYTES } from './limits.js'

/** A string stands for its UTF-8; one with lone surrogates has none, and is refused. */
export type Key = string | Uint8Array

/** @throws KeyError unless it has 1 to 65,535 bytes, and is text if it is a string. */
export function encodeKey(key: Key): Uint8Array {
  const bytes = encodePrefix(key)
  if (bytes.length === 0) throw new KeyError('an empty key: a key has 1 to 65,535 bytes')
  return bytes
}

/** As a key, but it may be empty. */
export function encodePrefix(prefix: Key): Uint8Array {
  if (typeof prefix !== 'string' && !(prefix instanceof Uint8Array)) throw new KeyError('a key is a string or a Uint8Array')
  // Any two of them would become the same bytes.
  if (typeof prefix === 'string' && !prefix.isWellFormed())
    throw new KeyError(`a key with lone surrogates (${JSON.stringify(prefix.slice(0, 40))}) is no text: give its bytes as a Uint8Array`)
  const bytes = typeof prefix === 'string' ? Buffer.from(prefix, 'utf8') : prefix
  if (bytes.length > MAX_KEY_BYTES) throw new KeyError(`a key of ${bytes.length} bytes: at most 65,535 are allowed; store long ones hashed`)
  return bytes
}

/** @throws ValueError when the codec does not take it, or when it is over `maxBytes`. */
export function encodeValue<V>(codec: Codec<V>, value: V, maxBytes: number): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = codec.encode(value)
  } catch (error) {
    throw new ValueError(`the codec cannot encode this value: ${String(error)}`, { cause: error })
  }
  if (!(bytes instanceof Uint8Array)) throw new ValueError('the codec must give a Uint8Array')
  if (bytes.length > maxBytes)
    throw new ValueError(`a value of ${bytes.length} bytes is over the limit of ${maxBytes} (maxValueBytes): store it in parts`)
  return bytes
}

/** @throws ValueError when the codec cannot read what is stored. */
export function decodeValue<V>(codec: Codec<V>, bytes: Uint8Array): V {
  try {
    return codec.decode(asBuffer(bytes))
  } catch (error) {
    throw new ValueError(
      `the codec cannot decode what is stored (${bytes.length} bytes): was it written with another codec? ${String(error)}`,
      { cause: error },
    )
  }
}
