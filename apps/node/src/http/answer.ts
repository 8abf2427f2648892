import type { ServerResponse } from 'node:http'
import { CommandError } from '@raft/commands'
import { RaftError } from '@raft/core'

/** A request that cannot be served as it stands. */
export class HttpError extends RaftError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(code, message)
    this.status = status
    this.headers = headers
  }

  get body(): unknown {
    return errorBody(this.code, this.message)
  }
}

export function badRequest(message: string, cause?: unknown): HttpError {
  const error = new HttpError(400, 'BAD_REQUEST', message)
  error.cause = cause
  return error
}

export function notFound(message: string): HttpError {
  return new HttpError(404, 'NOT_FOUND', message)
}

/** In seconds: by then a leader has usually been elected. */
const RETRY_AFTER = '1'

/** By code. 503: certainly not appended, try again; 504: nobody can say. */
const STATUS: Readonly<Record<string, number>> = {
  RAFT_OUTCOME_UNKNOWN: 504,
  RAFT_COMMAND_TOO_LARGE: 413,
  RAFT_TRANSACTION_TOO_LARGE: 413,
  RAFT_COMMAND_MALFORMED: 400,
  RAFT_COMMAND_VERSION: 400,
  RAFT_MALFORMED: 400,
  RAFT_KEY_LENGTH: 400,
  RAFT_NO_LEADER: 503,
  RAFT_NOT_LEADER: 503,
  RAFT_OVERLOADED: 503,
  RAFT_STOPPED: 503,
  RAFT_WAIT_ABORTED: 503,
  RAFT_DEADLINE_EXCEEDED: 503,
}

/** With a line break at the end, so that what follows on a terminal begins on a line of its own. */
export function sendJson(response: ServerResponse, status: number, body: unknown, headers?: Readonly<Record<string, string>>): void {
  send(response, status, 'application/json', `${JSON.stringify(body)}\n`, headers)
}

/** @param body text leaves together with the head; bytes need a piece of their own */
export function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Uint8Array,
  headers?: Readonly<Record<string, string>>,
): void {
  if (response.headersSent || response.destroyed) return
  // A flat list of names and values, which Node need not look through for what an object may hold.
  const head = ['content-type', type, 'content-length', String(Buffer.byteLength(body))]
  for (const name in headers) head.push(name, headers[name] as string)
  response.writeHead(status, head)
  response.end(body)
}

/** What the client has is current. */
export function sendNotModified(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(304, headers)
  response.end()
}

/** Answers with what went wrong. Returns the error where it is a fault of ours, for the log; null where it is not. */
export function sendError(response: ServerResponse, error: unknown): Error | null {
  if (error instanceof HttpError) {
    sendJson(response, error.status, error.body, error.headers)
    return null
  }
  const isNamed = error instanceof RaftError || error instanceof CommandError
  const status = isNamed ? STATUS[error.code] : undefined
  if (isNamed && status !== undefined) {
    const headers = status === 503 ? { 'retry-after': RETRY_AFTER } : undefined
    sendJson(response, status, errorBody(error.code, error.message), headers)
    return null
  }
  sendJson(response, 500, errorBody('INTERNAL', 'something went wrong here: see the log of this member'))
  return error instanceof Error ? error : new Error(String(error))
}

function errorBody(code: string, message: string): { readonly error: { readonly code: string; readonly message: string } } {
  return { error: { code, message } }
}
