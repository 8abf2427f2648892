import type { RequestListener } from 'node:http'
import { Account } from '../src/account.js'
import { sendError } from '../src/http/answer.js'
import { readBody } from '../src/http/request.js'
import type { Peer } from './port.js'

export const GET = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'
export const LIMIT = 10

/** Answers with the body, of which `LIMIT` bytes are taken; what is asked of `/held`, when the test says so. */
export function echo() {
  const served: string[] = []
  const held: (() => void)[] = []
  const onRequest: RequestListener = (request, response) => {
    served.push(`${request.method} ${request.url}`)
    readBody(request, response, { limit: LIMIT, account: new Account(64 * 1024 * 1024) }).then(
      (bytes) => {
        if (request.url === '/held') held.push(() => response.end('held'))
        else response.end(bytes)
      },
      (error) => sendError(response, error),
    )
  }
  return { served, held, onRequest }
}

export const put = (path: string, headers: string, body: string) => `PUT ${path} HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n\r\n${body}`

/** What is asked by then has been looked at: another connection was served since. */
export async function settle(dial: () => Promise<Peer>): Promise<void> {
  for (let i = 0; i < 2; i++) {
    const peer = await dial()
    peer.send(GET)
    await peer.until(() => peer.statuses.length === 1)
    await peer.end()
  }
}
