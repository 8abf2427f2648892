import { connect, createServer } from 'node:net'
import { RequestKind } from '@raft/client/protocol'
import { expect, onTestFinished, test, vi } from 'vitest'
import { closeGently } from '../src/client-port/close-gently.js'
import { echo, GET, put, settle } from './http-by-hand.js'
import { PUT, startPort } from './port.js'

vi.mock('@raft/system', async (original) => ({ ...(await original<object>()), ...(await import('./ambient-time.js')) }))

const LAST_GET = 'GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'
const HASTY = { introduction: 10_000, head: 10_000, request: 60_000, linger: 50 }
const MORE = Buffer.alloc(8 * 1024 * 1024, 'x')

test('after its last HTTP answer a client may go on to send, and its connection is not reset', async () => {
  const { dial } = await startPort()
  const peer = await dial()
  peer.send(LAST_GET)
  await peer.over
  peer.send(MORE)
  await peer.end()
  expect([peer.statuses, peer.error]).toEqual([[200], null])
})

test('what comes behind the last HTTP answer is not taken for requests', async () => {
  let served = 0
  const { dial } = await startPort({
    onRequest: (_request, response) => {
      served += 1
      response.shouldKeepAlive = false
      response.end()
    },
  })
  const peer = await dial()
  peer.send(GET)
  await peer.over
  peer.send(GET.repeat(1000))
  await peer.end()
  expect([served, peer.statuses, peer.error]).toEqual([1, [200], null])
})

test('a client that broke the protocol gets the answers it is due and may go on to send: its connection is not reset', async () => {
  const errors: string[] = []
  const { open } = await startPort({ protocol: { onProtocolError: (error) => errors.push(error.message) } })
  const client = await open()
  client.ask(1, RequestKind.Status).flush()
  client.peer.send(Uint8Array.of(0, 0, 0, 0))
  await client.peer.over
  client.peer.send(MORE)
  await client.peer.end()
  expect([errors, client.errorOf(1), client.peer.error]).toEqual([['an empty frame'], null, null])
})

test('a client that sends its last requests and ends its side is answered before the connection ends', async () => {
  const { open, node } = await startPort()
  const client = await open()
  client.put(1).ask(2, RequestKind.Status).flush()
  client.peer.socket.end()
  await client.answered(2)
  node.writes[0]?.(null, PUT)
  await client.answered(1)
  await client.peer.closed
  expect([client.errorOf(1), client.peer.error]).toEqual([null, null])
})

test('so is a HTTP client, whatever it has in its pipeline; a request that it cut short is refused in its turn', async () => {
  const { held, onRequest } = echo()
  const { dial } = await startPort({ onRequest })
  const [whole, cut, nothing] = [await dial(), await dial(), await dial()]
  whole.socket.end(put('/held', 'content-length: 0', '').repeat(20))
  cut.socket.end(put('/held', 'content-length: 0', '') + put('/', 'content-length: 3', 'ab'))
  nothing.send(GET)
  await nothing.until(() => nothing.statuses.length === 1)
  await nothing.end()
  await settle(dial)
  expect([whole.isOver, cut.isOver]).toEqual([false, false])
  while (held.length > 0) {
    for (const answer of held.splice(0)) answer()
    await settle(dial)
  }
  await Promise.all([whole.closed, cut.closed])
  expect([whole.statuses, cut.statuses]).toEqual([Array<number>(20).fill(200), [200, 400]])
})

test('a client that does not end its side is let go all the same', async () => {
  const { port, dial, open } = await startPort({ patience: HASTY })
  const http = await dial()
  http.send(LAST_GET)
  const client = await open()
  client.ask(1, RequestKind.Status).flush()
  await client.answered(1)
  const closed = port.close()
  await Promise.all([http.over, client.peer.over])
  await closed
})

test('a client that takes no answers does not keep its connection by sending more', async () => {
  const large = { key: Buffer.from('k'), value: MORE, createRevision: 1, modRevision: 1, version: 1 }
  const store = { revision: 1, get: () => large, range: () => ({ revision: 1, entries: [], more: false }) }
  const { open } = await startPort({ patience: HASTY, protocol: { store } })
  const client = await open()
  client.peer.socket.pause()
  client.get(1, 'local').get(2, 'local').flush()
  client.peer.send(Uint8Array.of(0, 0, 0, 0))
  const timer = setInterval(() => client.peer.send('x'), 20)
  await client.peer.closed
  clearInterval(timer)
  expect(client.answers.size).toBe(0)
})

test('a connection that was busy when its idle time was over is let go when it is idle later', async () => {
  const { open, node } = await startPort({ idleTimeout: 100 })
  const busy = await open()
  busy.put(1).ask(2, RequestKind.Status).flush()
  await busy.answered(2)
  // Opened after that, it is let go after that.
  const idle = await open()
  idle.ask(1, RequestKind.Status).flush()
  await idle.peer.over
  expect(busy.peer.isOver).toBe(false)
  node.writes[0]?.(null, PUT)
  await busy.answered(1)
  await busy.peer.over
})

test('a HTTP connection that is worked for is not idle, and one whose client takes no answers is', async () => {
  const held: (() => void)[] = []
  const { dial } = await startPort({
    idleTimeout: 100,
    onRequest: (request, response) => {
      if (request.url === '/large') response.end(Buffer.concat([MORE, MORE]))
      else held.push(() => response.end())
    },
  })
  const busy = await dial()
  busy.send(GET)
  const deaf = await dial()
  deaf.socket.pause()
  deaf.send('GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n')
  // The member resets it, of which a paused socket hears only when it sends.
  const timer = setInterval(() => deaf.send(''), 20)
  const another = await dial()
  another.send(GET)
  const idle = await dial()
  idle.send('GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await idle.over
  expect([busy.isOver, another.isOver]).toEqual([false, false])
  for (const answer of held) answer()
  await Promise.all([busy.over, another.over])
  clearInterval(timer)
  deaf.socket.resume()
  await deaf.over
  expect(deaf.received.length).toBeLessThan(2 * MORE.length)
  expect([busy.statuses, another.statuses]).toEqual([[200], [200]])
})

test('ending a socket that is gone already leaves no timer behind', async () => {
  const server = createServer((socket) => socket.resume())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  const socket = connect({ host: '127.0.0.1', port })
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  socket.destroy()
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  closeGently(socket, 5000)
  await new Promise((resolve) => setImmediate(resolve))
  expect(vi.getTimerCount()).toBe(0)
})

test('a connection that says nothing is let go, and one that has said something is not', async () => {
  const { dial } = await startPort({ patience: { ...HASTY, introduction: 100 } })
  const spoken = await dial()
  spoken.send(GET)
  const silent = await dial()
  await silent.over
  expect([spoken.isOver, spoken.statuses]).toEqual([false, [200]])
})

test('connections that are opened and dropped at any point leave nothing behind', async () => {
  const { port, node, dial } = await startPort({ maxConnections: 1000 })
  const beginnings = [
    '',
    'G',
    GET,
    'PUT / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nabc',
    '\u00af',
    '\u00afRAFT\u0001\u0001\u0000',
  ]
  for (let i = 0; i < 10; i++) {
    const peers = await Promise.all(
      beginnings.flatMap((beginning) => [beginning, beginning]).map((bytes) => dial().then((peer) => ({ peer, bytes }))),
    )
    for (const { peer, bytes } of peers) {
      if (bytes !== '') peer.send(Buffer.from(bytes, 'latin1'))
      if (i % 2 === 0) peer.socket.destroy()
      else peer.socket.resetAndDestroy()
    }
  }
  const last = await dial()
  last.send(GET)
  await last.until(() => last.statuses.length === 1)
  // Fulfilled once every connection has ended.
  await port.close()
  expect(node.writes.length).toBe(0)
})

test('a client beyond the limit is refused, and there is room again when one ends', async () => {
  const { dial } = await startPort({ maxConnections: 1 })
  const first = await dial()
  first.send(GET)
  await first.until(() => first.statuses.length === 1)
  const second = await dial()
  second.send(GET)
  await second.over
  expect(second.statuses).toEqual([503])
  await first.end()
  const third = await dial()
  third.send(GET)
  await third.until(() => third.statuses.length === 1)
  expect(third.statuses).toEqual([200])
})
