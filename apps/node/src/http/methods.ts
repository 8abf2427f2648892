import type { IncomingMessage } from 'node:http'

/** Methods that change nothing (RFC 9110 §9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

export function isSafe({ method = '' }: IncomingMessage): boolean {
  return SAFE.has(method)
}
