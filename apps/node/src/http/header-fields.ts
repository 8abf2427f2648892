import type { IncomingMessage } from 'node:http'
import { badRequest, HttpError } from './answer.js'
import { isSafe } from './methods.js'

type Check = (value: string, request: IncomingMessage) => HttpError | null

const isOverride: Check = () => badRequest('the method of a request cannot be overridden by a header field: send the method that is meant')

const isPartial: Check = (_, request) =>
  isSafe(request) ? null : badRequest('a part of a value cannot be written: send the whole value, without Range')

/**
 * Fields that say that a request means something else than it would without them, and what is answered where that cannot be
 * carried out. What is asked of a write is never dropped; of a read, only what its client must be ready to see dropped.
 */
const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  [
    'content-encoding',
    (value) =>
      /^identity$/i.test(value.trim())
        ? null
        : new HttpError(415, 'UNSUPPORTED_CONTENT_ENCODING', `a body in the coding ${quote(value)} is not taken: send it as it is`, {
            'accept-encoding': 'identity',
          }),
  ],
  [
    'transfer-encoding',
    (value) =>
      /^chunked$/i.test(value.trim())
        ? null
        : new HttpError(501, 'NOT_IMPLEMENTED', `the transfer coding ${quote(value)} is not known here: only chunked is`),
  ],
  [
    'expect',
    (value) =>
      /^100-continue$/i.test(value.trim())
        ? null
        : new HttpError(417, 'EXPECTATION_FAILED', `the expectation ${quote(value)} cannot be met: only 100-continue can`),
  ],
  // A PUT with it asks for a part to be replaced (RFC 9110 §14.5).
  ['content-range', () => badRequest('a part of a value cannot be written: send the whole value, without Content-Range')],
  ['range', isPartial],
  ['if-range', isPartial],
  ['if-unmodified-since', () => badRequest('keys have no date to compare: use If-Match with the entity tag, which is the modRevision')],
  [
    'if-modified-since',
    (_, request) =>
      isSafe(request) ? null : badRequest('keys have no date to compare: use If-None-Match with the entity tag, which is the modRevision'),
  ],
  ['if', () => badRequest('the field If is not known here: use If-Match or If-None-Match')],
  ['x-http-method-override', isOverride],
  ['x-http-method', isOverride],
  ['x-method-override', isOverride],
])

/** Nothing that the fields of the request ask for would be dropped silently. @throws HttpError */
export function checkHeaders(request: IncomingMessage): void {
  const { headers } = request
  for (const name in headers) {
    const error = CHECKS.get(name)?.(String(headers[name]), request)
    if (error) throw error
  }
}

/** Entity tags are of keys only. @throws HttpError 400 */
export function refusePreconditions({ headers }: IncomingMessage): void {
  if (headers['if-match'] !== undefined || headers['if-none-match'] !== undefined)
    throw badRequest('If-Match and If-None-Match are possible on single keys only; a transaction has its own "compare"')
}

/** A page of the web can send any other type to whom it likes without being asked. @throws HttpError 415 */
export function requireJson({ headers }: IncomingMessage): void {
  const { 'content-type': type } = headers
  if (type !== undefined && /^application\/json[ \t]*(?:;|$)/i.test(type)) return
  const found = type === undefined ? 'none is given' : `${quote(type)} is given`
  throw new HttpError(
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    `the content type must be application/json, and ${found}: say Content-Type: application/json`,
  )
}

function quote(value: string): string {
  return JSON.stringify(value.slice(0, 80))
}
