import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { HttpError, notFound, send, sendError, sendJson } from './answer.js'
import type { Gate } from './gate.js'
import { checkHeaders, refusePreconditions, requireJson } from './header-fields.js'
import type { KvRoutes } from './kv-routes.js'
import { OVERVIEW } from './overview.js'
import { checkQuery, decodeKey, flagOf, parseTarget, type Target } from './request.js'

export interface RoutesOptions {
  /** What keeps pages of the web away. */
  readonly gate: Gate
  readonly kv: KvRoutes
  readonly status: () => Promise<object>
  /** A digest of the state as it is when the promise is fulfilled. Aborted when nobody waits for it any more. */
  readonly digest: (signal: AbortSignal) => Promise<string>
  /** Null when healthy, otherwise what is the matter. */
  readonly health: () => string | null
  /** Null when requests can be served, otherwise what is the matter. */
  readonly readiness: () => string | null
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>
  /** A fault of ours, for the log. */
  readonly onFault: (error: Error, request: IncomingMessage) => void
}

const KV = '/v1/kv'
const KV_KEY = '/v1/kv/'

type Handler = (request: IncomingMessage, response: ServerResponse, target: Target) => Promise<void> | void
type Methods = Readonly<Partial<Record<string, Handler>>>

/** Answers every HTTP request, once, whatever it holds. */
export function createRoutes(options: RoutesOptions): RequestListener {
  const fixed = fixedRoutes(options)
  const key = keyMethods(options.kv)
  const handle = (request: IncomingMessage, response: ServerResponse): Promise<void> | void => {
    const target = parseTarget(request.url ?? '/')
    options.gate.check(request, target.path)
    const isKey = target.path.startsWith(KV_KEY)
    const methods = isKey ? key : fixed.get(target.path)
    if (methods === undefined) throw notFound(`there is nothing at ${target.path.slice(0, 200)}: GET / tells what there is`)
    const { method = 'GET' } = request
    const handler = Object.hasOwn(methods, method) ? methods[method] : undefined
    if (handler === undefined) {
      const allow = Object.keys(methods).join(', ')
      throw new HttpError(405, 'METHOD_NOT_ALLOWED', `${method} is not possible here: ${allow} is`, { allow })
    }
    checkHeaders(request)
    if (!isKey) refusePreconditions(request)
    return handler(request, response, target)
  }
  const fail = (request: IncomingMessage, response: ServerResponse, error: unknown): void => {
    const fault = sendError(response, error)
    if (fault !== null) options.onFault(fault, request)
  }
  return (request, response) => {
    try {
      handle(request, response)?.catch((error: unknown) => fail(request, response, error))
    } catch (error) {
      fail(request, response, error)
    }
  }
}

function keyMethods(kv: KvRoutes): Methods {
  const keyOf = (target: Target) => decodeKey(target.path.slice(KV_KEY.length))
  return {
    GET: (request, response, target) => kv.get(keyOf(target), target.query, request, response),
    HEAD: (request, response, target) => kv.get(keyOf(target), target.query, request, response),
    PUT: (request, response, target) => kv.put(keyOf(target), target.query, request, response),
    DELETE: (request, response, target) => kv.delete(keyOf(target), target.query, request, response),
  }
}

function fixedRoutes(options: RoutesOptions): ReadonlyMap<string, Methods> {
  const state = (problem: string | null, code: string, response: ServerResponse) => {
    if (problem !== null) throw new HttpError(503, code, problem, { 'retry-after': '1' })
    sendJson(response, 200, { ok: true })
  }
  const get = (handler: Handler): Methods => ({ GET: handler, HEAD: handler })
  return new Map<string, Methods>([
    ['/', get((_request, response) => send(response, 200, 'application/json', OVERVIEW))],
    [KV, get((_request, response, target) => options.kv.range(target, response))],
    [
      '/v1/txn',
      {
        POST: (request, response, target) => {
          requireJson(request)
          return options.kv.transaction(target.query, request, response)
        },
      },
    ],
    [
      '/v1/status',
      get(async (_request, response, target) => {
        checkQuery(target.query, ['digest'])
        if (flagOf(target.query, 'digest')) await sendDigest(options, response)
        else sendJson(response, 200, await options.status())
      }),
    ],
    ['/healthz', get((_request, response) => state(options.health(), 'UNHEALTHY', response))],
    ['/readyz', get((_request, response) => state(options.readiness(), 'NOT_READY', response))],
    [
      '/metrics',
      get(async (_request, response) => {
        const { type, text } = await options.metrics()
        send(response, 200, type, text)
      }),
    ],
  ])
}

/** The status with the digest of the state that it tells of. */
async function sendDigest({ status, digest }: RoutesOptions, response: ServerResponse): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  try {
    const value = await digest(gone.signal)
    sendJson(response, 200, { ...(await status()), digest: value })
  } catch (error) {
    if (!gone.signal.aborted) throw error
  }
}
