import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { echo, LIMIT, put, settle } from './http-by-hand.js'
import { startPort } from './port.js'

test('a body that is announced too large is refused before it comes, and its connection ends without a reset', async () => {
  const { dial } = await startPort({ onRequest: echo().onRequest })
  const peer = await dial()
  peer.send(put('/', `content-length: ${LIMIT + 1}`, ''))
  await peer.over
  expect(peer.received).toMatch(/^HTTP\/1.1 413 .*connection: close.*BODY_TOO_LARGE/is)
  peer.send(Buffer.alloc(4 * 1024 * 1024))
  await peer.end()
  expect([peer.statuses, peer.error]).toEqual([[413], null])
})

test('a body that turns out too large is refused while it still comes', async () => {
  const { dial } = await startPort({ onRequest: echo().onRequest })
  const peer = await dial()
  peer.send(put('/', 'transfer-encoding: chunked', 'b\r\n01234567890\r\n'))
  await peer.over
  expect(peer.received).toMatch(/^HTTP\/1.1 413 .*connection: close.*BODY_TOO_LARGE/is)
  await peer.end()
})

test('whoever asks whether its body is wanted is told, and only whoever is told yes keeps its connection', async () => {
  const { dial } = await startPort({ onRequest: echo().onRequest })
  const peer = await dial()
  peer.send(put('/', 'expect: 100-continue\r\ncontent-length: 2', ''))
  await peer.until(() => peer.statuses.includes(100))
  peer.send('hi')
  await peer.until(() => peer.received.endsWith('hi'))
  peer.send(put('/', `expect: 100-continue\r\ncontent-length: ${LIMIT + 1}`, ''))
  await peer.over
  expect(peer.statuses).toEqual([100, 200, 413])
  const last = await dial()
  last.send(put('/', 'expect: 100-continue\r\nconnection: close\r\ncontent-length: 2', ''))
  await last.until(() => last.statuses.includes(100))
  last.send('hi')
  await last.over
  expect(last.received).toMatch(/200 OK.*connection: close/is)
})

test('a request that is answered without the body it offered ends the connection', async () => {
  const { dial } = await startPort()
  const peer = await dial()
  peer.send(put('/', 'expect: 100-continue\r\ncontent-length: 2', ''))
  await peer.over
  expect(peer.received).toMatch(/^HTTP\/1.1 200 .*connection: close/is)
})

test('a client of HTTP/1.0 gets no 100, of which it knows nothing', async () => {
  const { dial } = await startPort({ onRequest: echo().onRequest })
  const peer = await dial()
  peer.send('PUT / HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\nhi')
  await peer.over
  expect([peer.statuses, peer.received.slice(-2)]).toEqual([[200], 'hi'])
})

test('no request is begun behind one that was refused for good', async () => {
  const { served, held, onRequest } = echo()
  const { dial } = await startPort({ onRequest })
  const peer = await dial()
  peer.send(put('/held', 'content-length: 0', '') + put('/large', 'content-length: 11', ''))
  await settle(dial)
  peer.send(`01234567890${put('/behind', 'content-length: 0', '')}`)
  await settle(dial)
  held[0]?.()
  await peer.over
  expect([peer.statuses, served.filter((each) => each.startsWith('PUT'))]).toEqual([
    [200, 413],
    ['PUT /held', 'PUT /large'],
  ])
})

test('a body that makes no sense is refused once, in its turn', async () => {
  const { held, onRequest } = echo()
  const { dial } = await startPort({ onRequest })
  const peer = await dial()
  peer.send(put('/held', 'content-length: 0', '') + put('/', 'transfer-encoding: chunked', 'zz\r\n'))
  await settle(dial)
  expect(peer.received).toBe('')
  held[0]?.()
  await peer.over
  expect(peer.statuses).toEqual([200, 400])
})

test('so is one whose request waited for its turn, and it is not begun', async () => {
  const { served, held, onRequest } = echo()
  const { dial } = await startPort({ onRequest })
  const peer = await dial()
  peer.send('GET /held HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(16) + put('/waited', 'transfer-encoding: chunked', 'zz\r\n'))
  await settle(dial)
  expect(held.length).toBe(16)
  for (const answer of held) answer()
  await peer.over
  expect(peer.statuses).toEqual([...Array<number>(16).fill(200), 400])
  expect(served).not.toContain('PUT /waited')
})

test('a body that nobody wants is thrown away, and its connection goes on, and is idle then', async () => {
  const { port, dial } = await startPort()
  const peer = await dial()
  const body = 'x'.repeat(1024 * 1024)
  peer.send(put('/', `content-length: ${body.length}`, ''))
  await peer.until(() => peer.statuses.length === 1)
  peer.send(body + put('/', `content-length: ${body.length}`, ''))
  await peer.until(() => peer.statuses.length === 2)
  peer.send(body)
  await settle(dial)
  const closed = port.close()
  await peer.over
  await Promise.all([peer.end(), closed])
})

test('a body that makes no sense, and that nobody wants, harms nobody', async () => {
  const held: (() => void)[] = []
  const { dial } = await startPort({
    onRequest: (request, response) => {
      if (request.method === 'GET') response.end()
      else held.push(() => response.end())
    },
  })
  const peer = await dial()
  peer.send(put('/', 'transfer-encoding: chunked', 'zz\r\n'))
  await settle(dial)
  held[0]?.()
  await peer.over
  expect(peer.statuses).toEqual([200])
})

test.each([
  ['in one piece with its request', put('/', 'transfer-encoding: chunked', 'zz\r\n'), ''],
  ['after the answer', put('/', 'transfer-encoding: chunked', '1\r\nx\r\n'), 'zz\r\n'],
])('a request that is answered at once, and whose body makes no sense, is answered once: %s', async (_, first, then) => {
  const { dial } = await startPort({ onRequest: (_request, response) => response.end() })
  const peer = await dial()
  peer.send(first)
  await peer.until(() => peer.statuses.length === 1)
  await settle(dial)
  peer.send(then)
  await peer.over
  expect([peer.statuses, peer.error]).toEqual([[200], null])
})

test('what makes no sense behind a body that was thrown away is refused', async () => {
  const { dial } = await startPort({ onRequest: (_request, response) => response.end() })
  const peer = await dial()
  peer.send(put('/', 'content-length: 3', 'a'))
  await peer.until(() => peer.statuses.length === 1)
  peer.send('bc')
  await settle(dial)
  peer.send('no request\r\n\r\n')
  await peer.over
  expect(peer.statuses).toEqual([200, 400])
})

test('a body that makes no sense, packet after packet, ends the connection once its answer has left', async () => {
  const leaving: ServerResponse[] = []
  const { dial } = await startPort({
    onRequest: (request, response) => {
      if (request.method === 'GET') return void response.end()
      leaving.push(response)
      response.write('half an answer')
    },
  })
  const peer = await dial()
  peer.send(put('/', 'transfer-encoding: chunked', '1\r\nx\r\n'))
  await peer.until(() => peer.statuses.length === 1)
  const [response] = leaving as [ServerResponse]
  const listeners = response.listenerCount('close')
  for (let packet = 0; packet < 5; packet++) {
    peer.send('zz\r\n')
    await settle(dial)
  }
  expect(response.listenerCount('close')).toBe(listeners)
  response.end()
  await peer.over
  expect([peer.statuses, peer.error]).toEqual([[200], null])
})
