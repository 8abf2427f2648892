import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { HttpError } from './answer.js'

/** Why bytes could not be taken for an HTTP request, by the code of Node's error. */
export function reasonOf({ code = '' }: NodeJS.ErrnoException): HttpError {
  const [status, message] = REASONS[code] ?? [400, 'these bytes are no HTTP request']
  return new HttpError(status, 'BAD_REQUEST', message)
}

/** No request has come within the time that a new connection has. */
export function tooLate(): HttpError {
  return new HttpError(408, 'BAD_REQUEST', 'the request did not come in time')
}

/** The connection came to a member that has as many clients as it may have. */
export function tooManyClients(): HttpError {
  const message = 'as many clients are connected as may be: ask another member, or later'
  return new HttpError(503, 'RAFT_OVERLOADED', message, { 'retry-after': '1' })
}

const REASONS: Readonly<Record<string, readonly [status: number, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'the head of the request is too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request did not come in time'],
}

/** Answers where there is no request to answer. */
export function writeRefusal(socket: Socket, error: HttpError): void {
  const body = `${JSON.stringify(error.body)}\n`
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
}
