import { isSet } from './environment.js'
import type { ConfigSources } from './load.js'
import type { SecretSource } from './schema.js'

/** Shorter secrets can be guessed by whoever records a handshake. */
const MIN_SECRET_BYTES = 16

const REPLACEMENT = '\ufffd'
const NOT_TEXT = 'secret: expected text, found bytes that are not UTF-8, or U+FFFD in their place (make one with: openssl rand -hex 32)'

/** The text of a secret, or the problem with it; never both. A line break at the end of a file does not count. */
export function resolveSecret(source: SecretSource, sources: ConfigSources): { secret: string } | { problem: string } {
  const found = read(source, sources)
  if ('problem' in found) return found
  // In the environment Node has put it in the place of whatever was not UTF-8.
  if (found.secret.includes(REPLACEMENT)) return { problem: NOT_TEXT }
  const bytes = Buffer.byteLength(found.secret)
  if (bytes >= MIN_SECRET_BYTES) return found
  return { problem: `secret: expected at least ${MIN_SECRET_BYTES} bytes, found ${bytes} (make one with: openssl rand -hex 32)` }
}

function read(source: SecretSource, { env, readFile }: ConfigSources): { secret: string } | { problem: string } {
  if (typeof source === 'string') return { secret: source }
  if ('env' in source) {
    const secret = env[source.env]
    return isSet(secret) ? { secret } : { problem: `secret.env: the environment variable ${source.env} is not set, or empty` }
  }
  try {
    return { secret: readFile(source.file).replace(/\r?\n$/, '') }
  } catch (error) {
    return { problem: `secret.file: cannot be read: ${error instanceof Error ? error.message : error}` }
  }
}
