import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Consistency } from '@raft/commands'
import type { Account } from '../account.js'
import { overloaded } from '../overload.js'
import { badRequest, HttpError } from './answer.js'

/** The path, still percent-encoded, and the query, as parameters and as it came. */
export interface Target {
  readonly path: string
  readonly query: URLSearchParams
  readonly search: string
}

const NO_QUERY = new URLSearchParams()

/** A proxy's form of a target, which servers must take too (RFC 9112 §3.2.2): `http://host/path`. */
const SCHEME_AND_HOST = /^https?:\/\/[^/?]*/i

export function parseTarget(target: string): Target {
  const rest = target.startsWith('/') ? target : target.replace(SCHEME_AND_HOST, '')
  const url = rest === '' || rest.startsWith('?') ? `/${rest}` : rest
  const mark = url.indexOf('?')
  if (mark === -1) return { path: url, query: NO_QUERY, search: '' }
  const search = url.slice(mark + 1)
  return { path: url.slice(0, mark), query: new URLSearchParams(search), search }
}

const PERCENT = 0x25

/** The bytes that a part of a path stands for; they need not be UTF-8. @throws HttpError 400 */
export function decodeKey(encoded: string): Uint8Array {
  if (encoded === '') throw badRequest('the key is empty: put it behind /v1/kv/')
  if (encoded.includes('/')) throw badRequest('a slash within a key is written %2F')
  return decodePercent('the key', encoded)
}

/** The bytes of a parameter, which need not be UTF-8; null when it is not there. @throws HttpError 400 */
export function bytesOf(search: string, name: string): Uint8Array | null {
  for (const part of search.split('&')) {
    const [encodedName = '', ...value] = part.split('=')
    if (new URLSearchParams(encodedName).keys().next().value === name) return decodePercent(name, value.join('=').replaceAll('+', ' '))
  }
  return null
}

function decodePercent(what: string, encoded: string): Uint8Array {
  const bytes = Buffer.from(encoded, 'latin1')
  if (!encoded.includes('%')) return bytes
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    let byte = bytes[at] as number
    if (byte === PERCENT) {
      const hex = encoded.slice(at + 1, at + 3)
      if (!/^[0-9a-fA-F]{2}$/.test(hex)) throw badRequest(`${what} has a % without two hexadecimal digits, at ${at}`)
      byte = Number.parseInt(hex, 16)
      at += 2
    }
    bytes[length++] = byte
  }
  return bytes.subarray(0, length)
}

/** Only these parameters, each at most once. @throws HttpError 400 */
export function checkQuery(query: URLSearchParams, known: readonly string[]): void {
  if (query === NO_QUERY) return
  for (const name of query.keys()) {
    if (!known.includes(name)) throw badRequest(`there is no parameter "${name}" here: ${known.join(', ') || 'none'} may be given`)
    if (query.getAll(name).length > 1) throw badRequest(`the parameter "${name}" is given more than once`)
  }
}

/** @throws HttpError 400 */
export function consistencyOf(query: URLSearchParams): Consistency {
  const text = query.get('consistency') ?? 'linearizable'
  if (text === 'linearizable' || text === 'lease' || text === 'local') return text
  throw badRequest(`consistency: expected linearizable, lease or local, found "${text}"`)
}

/** @throws HttpError 400 */
export function wholeNumberOf(query: URLSearchParams, name: string): number | null {
  const text = query.get(name)
  if (text === null) return null
  const value = Number(text)
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(value)) return value
  throw badRequest(`${name}: expected a whole number from 0 on, found "${text}"`)
}

/** Whether the parameter is there, unless it says false or 0. @throws HttpError 400 when it says neither yes nor no */
export function flagOf(query: URLSearchParams, name: string): boolean {
  const text = query.get(name)
  if (text === null || text === 'false' || text === '0') return false
  if (text === '' || text === 'true' || text === '1') return true
  throw badRequest(`${name}: expected true, false or nothing, found "${text}"`)
}

/** A method that takes no body would drop what it says. @throws HttpError 400 */
export function refuseBody({ headers, method }: IncomingMessage): void {
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
    throw badRequest(`a ${method} takes no body: what it is to depend on is said by parameters or header fields`)
}

/** Whether the client asks first whether its body is wanted. A client of HTTP/1.0 cannot (RFC 9110 §10.1.1). */
function isExpectingContinue({ httpVersion, headers }: IncomingMessage): boolean {
  return httpVersion !== '1.0' && /100-continue/i.test(headers.expect ?? '')
}

export interface BodyLimits {
  /** In bytes. */
  readonly limit: number
  /** What the member holds for its clients: the body counts from its first byte until the request is answered. */
  readonly account: Account
  /** How many bytes are counted for each of the body; default 1. */
  readonly weight?: number
}

/**
 * The whole body, after a 100 to whoever waits for it.
 * @throws HttpError 413 as soon as it is over the limit, 400 when it is cut short; OverloadedError when there is no room for it
 */
export function readBody(request: IncomingMessage, response: ServerResponse, limits: BodyLimits): Promise<Uint8Array> {
  const { limit, account, weight = 1 } = limits
  return new Promise((resolve, reject) => {
    const refuse = (error: Error = new HttpError(413, 'BODY_TOO_LARGE', `the body is over the limit of ${limit} bytes`)) => {
      // Much of it may still come, and nobody wants it.
      response.shouldKeepAlive = false
      reject(error)
    }
    const announced = request.headers['content-length']
    if (announced !== undefined && Number(announced) > limit) {
      refuse()
      return
    }
    // Answered without it, the connection ends, by Node's doing: nobody knows whether the body still comes.
    if (isExpectingContinue(request)) response.writeContinue()
    const chunks: Buffer[] = []
    let length = 0
    let counted = 0
    const letGo = () => {
      request.removeAllListeners('data')
      chunks.length = 0
      account.release(counted)
      counted = 0
    }
    response.once('close', letGo)
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      const bytes = weight * chunk.length
      if (length > limit) {
        letGo()
        refuse()
      } else if (!account.take(bytes)) {
        letGo()
        refuse(overloaded(account))
      } else {
        counted += bytes
        chunks.push(chunk)
      }
    })
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)))
    request.on('error', (error) => reject(error instanceof HttpError ? error : badRequest('the body was cut short')))
    request.on('close', () => {
      if (!request.complete) reject(badRequest('the body was cut short'))
    })
  })
}
