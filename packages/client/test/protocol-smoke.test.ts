import { expect, test } from 'vitest'
import {
  ClientEndpoint,
  decodePutResult,
  encodePut,
  type Request,
  RequestKind,
  ResponseKind,
  ServerEndpoint,
} from '../src/protocol/index.js'

test('a put goes through both halves, whatever the cut', () => {
  for (const cut of [1, 3, 7, 1000]) {
    const requests: Request[] = []
    const answers: unknown[] = []
    const greetings: unknown[] = []
    const server = new ServerEndpoint({
      identity: { memberId: 'n1', clusterId: 'c' },
      onRequest: (request) => requests.push(request),
      onPending: () => {},
    })
    const client = new ClientEndpoint({
      onGreeting: (server) => greetings.push(server),
      onResponse: (id, kind, body) => answers.push([id, kind, decodePutResult(body)]),
    })
    const body = encodePut(Buffer.from('a'), Buffer.from('b'))
    for (let id = 1; id <= 3; id++) client.request(id, RequestKind.Write, 50, body)
    feed(client.take(), cut, (chunk) => server.receive(chunk))
    expect(requests.map((request) => ({ ...request, body: Buffer.from(request.body).toString('hex') }))).toEqual(
      [1, 2, 3].map((id) => ({ id, kind: RequestKind.Write, timeout: 50, body: Buffer.from(body).toString('hex') })),
    )
    for (let id = 1; id <= 3; id++) server.put(id, { createRevision: 1, modRevision: id, version: 2 ** 40 })
    feed(server.take(), cut, (chunk) => client.receive(chunk))
    expect(greetings).toEqual([{ version: 1, oldest: 1, newest: 1, memberId: 'n1', clusterId: 'c' }])
    expect(answers).toEqual([1, 2, 3].map((id) => [id, ResponseKind.Put, { createRevision: 1, modRevision: id, version: 2 ** 40 }]))
  }
})

function feed(bytes: Uint8Array | null, cut: number, to: (chunk: Uint8Array) => void): void {
  if (bytes === null) throw new Error('nothing to write')
  for (let at = 0; at < bytes.length; at += cut) to(bytes.subarray(at, at + cut))
}
