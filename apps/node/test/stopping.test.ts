import { RequestKind } from '@raft/client/protocol'
import { NodeStoppedError } from '@raft/core'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Account } from '../src/account.js'
import { sendError } from '../src/http/answer.js'
import { LAST_MOMENT } from '../src/http/pipeline.js'
import { readBody } from '../src/http/request.js'
import { tcpEntrance } from '../src/member/tcp-entrance.js'
import { GET } from './http-by-hand.js'
import { ManualClock, type PortParts, PUT, startPort } from './port.js'

vi.mock('@raft/system', async (original) => ({ ...(await original<object>()), ...(await import('./ambient-time.js')) }))

const STOPPING = { outcome: 'notAppended', code: 'RAFT_STOPPED' }

/** Holds every request until the test answers it. */
async function startHolding(parts: PortParts = {}) {
  const held: (() => void)[] = []
  let wake = () => {}
  const begun = async (count: number) => {
    while (held.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  const started = await startPort({
    onRequest: (_request, response) => {
      held.push(() => response.end('served'))
      wake()
    },
    ...parts,
  })
  return { ...started, held, begun }
}

test('a member that stops refuses requests that still come, and answers those under way', async () => {
  const { port, node, open } = await startPort()
  const client = await open()
  client.put(1).get(2).ask(3, RequestKind.Status).flush()
  await client.answered(3)
  const closed = port.close()
  client.put(4).get(5).get(6, 'local').ask(7, RequestKind.Status).flush()
  await client.answered(4, 5, 6, 7)
  for (const id of [4, 5, 6, 7]) expect(client.errorOf(id)).toMatchObject(STOPPING)
  expect([node.writes.length, node.reads.length]).toEqual([1, 1])
  node.writes[0]?.(null, PUT)
  node.reads[0]?.(null, 1)
  await client.peer.over
  expect([client.errorOf(1), client.errorOf(2)]).toEqual([null, null])
  await client.peer.end()
  await closed
  expect(client.peer.error).toBe(null)
})

test('what the node fails while it stops is told to the client before the connection ends', async () => {
  const { port, node, open } = await startPort()
  const client = await open()
  client.put(1).ask(2, RequestKind.Status).flush()
  await client.answered(2)
  void port.close()
  node.writes[0]?.(new NodeStoppedError(), undefined)
  await client.peer.over
  expect(client.errorOf(1)).toMatchObject(STOPPING)
})

test('a member that stops ends a connection once nothing has come for 50 ms, and soon after 250 in any case', async () => {
  const clock = new ManualClock()
  const { port, open } = await startPort({ protocol: { clock } })
  const [quiet, busy] = [await open(), await open()]
  for (const client of [quiet, busy]) {
    client.ask(0, RequestKind.Status).flush()
    await client.answered(0)
  }
  void port.close()
  for (let id = 1; id <= 7; id++) {
    // At 40, 80, … 280: never quiet, and looked at every 50 ms at most.
    clock.advance(40)
    busy.put(id).flush()
    await busy.answered(id)
    expect(busy.errorOf(id)).toMatchObject(STOPPING)
    expect(busy.peer.isOver).toBe(false)
    if (id === 2) await quiet.peer.over
  }
  clock.advance(10)
  await busy.peer.over
})

test('while something is under way a connection stays open to refuse what comes, however long that takes', async () => {
  const clock = new ManualClock()
  const { port, node, open } = await startPort({ protocol: { clock } })
  const client = await open()
  client.put(1).ask(2, RequestKind.Status).flush()
  await client.answered(2)
  void port.close()
  for (let id = 3; id <= 6; id++) {
    clock.advance(200)
    await new Promise((resolve) => setImmediate(resolve))
    client.put(id).flush()
    await client.answered(id)
    expect(client.errorOf(id)).toMatchObject(STOPPING)
  }
  node.writes[0]?.(null, PUT)
  await client.answered(1)
  clock.advance(50)
  await client.peer.over
  expect(client.errorOf(1)).toBe(null)
})

test('connections that have said nothing are served as the others if they speak at once, and ended if they do not', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const clock = new ManualClock()
  const { port, node, dial, open } = await startPort({ protocol: { clock } })
  const [protocol, http, silent] = [await open(), await dial(), await dial()]
  const first = await dial()
  first.send(GET)
  await first.until(() => first.statuses.length === 1)
  const closed = port.close()
  protocol.put(1).flush()
  http.send(GET)
  await Promise.all([protocol.answered(1), http.over])
  expect(protocol.errorOf(1)).toMatchObject(STOPPING)
  expect([http.statuses, http.error, node.writes.length]).toEqual([[503], null, 0])
  expect(silent.isOver).toBe(false)
  vi.advanceTimersByTime(LAST_MOMENT)
  await silent.over
  clock.advance(50)
  await Promise.all([protocol.peer.over, silent.end(), http.end(), first.end()])
  await protocol.peer.end()
  await closed
})

test('HTTP requests under way are answered, one of which the body still comes too; idle connections end after a moment', async () => {
  let begun = () => {}
  const body = new Promise<void>((resolve) => {
    begun = resolve
  })
  const { port, dial } = await startPort({
    onRequest: (request, response) => {
      if (request.method === 'PUT') begun()
      readBody(request, response, { limit: 100, account: new Account(64 * 1024 * 1024) }).then(
        (bytes) => response.end(bytes),
        (error) => sendError(response, error),
      )
    },
  })
  const [half, head, again, idle] = [await dial(), await dial(), await dial(), await dial()]
  half.send('PUT / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\nab')
  head.send('GET / HTTP/1.1\r\nho')
  again.send(GET)
  await again.until(() => again.statuses.length === 1)
  again.send('GET / HTTP/1.1\r\nho')
  idle.send(GET)
  await Promise.all([body, idle.until(() => idle.statuses.length === 1)])
  const closed = port.close()
  await idle.over
  expect([half.isOver, head.isOver, again.isOver]).toEqual([false, false, false])
  half.send('cd')
  for (const peer of [head, again]) peer.send('st: x\r\n\r\n')
  await Promise.all([half.over, head.over, again.over])
  expect(half.received).toMatch(/^HTTP\/1.1 200 .*connection: close.*abcd$/is)
  expect(head.received).toMatch(/^HTTP\/1.1 503 .*retry-after: 1.*connection: close.*RAFT_STOPPED/is)
  expect(again.statuses).toEqual([200, 503])
  await Promise.all([half.end(), head.end(), again.end(), idle.end(), closed])
})

test('a large answer that is on its way when the member stops arrives whole', async () => {
  const size = 30 * 1024 * 1024
  let begun = () => {}
  const asked = new Promise<void>((resolve) => {
    begun = resolve
  })
  const { port, dial } = await startPort({
    onRequest: (_request, response) => {
      response.writeHead(200, { 'content-length': size }).end(Buffer.alloc(size, 'x'))
      begun()
    },
  })
  const peer = await dial()
  peer.socket.pause()
  peer.send(GET)
  await asked
  const closed = port.close()
  peer.socket.resume()
  await peer.over
  expect(peer.received.length - peer.received.indexOf('\r\n\r\n') - 4).toBe(size)
  await Promise.all([peer.end(), closed])
})

test('of pipelined requests those under way are answered, and none that waits is begun', async () => {
  const { port, dial, held, begun } = await startHolding()
  const peer = await dial()
  peer.send(GET.repeat(20))
  await begun(16)
  const closed = port.close()
  for (const answer of held) answer()
  await peer.over
  expect([held.length, peer.statuses]).toEqual([16, [...Array<number>(16).fill(200), 503]])
  await Promise.all([peer.end(), closed])
})

test('pipelined requests of a connection that is gone are not begun', async () => {
  const { port, dial, held, begun } = await startHolding()
  const peer = await dial()
  peer.send(GET.repeat(20))
  await begun(16)
  peer.socket.resetAndDestroy()
  await port.close()
  for (const answer of held) answer()
  expect(held.length).toBe(16)
})

test('a stop while a stop is under way waits for the same end', async () => {
  const { port, dial, held, begun } = await startHolding()
  const peer = await dial()
  peer.send(GET)
  await begun(1)
  const closed = port.close()
  expect(port.close()).toBe(closed)
  held[0]?.()
  await peer.over
  expect(peer.statuses).toEqual([200])
  await Promise.all([peer.end(), closed])
})

test('a stop in a hurry ends every connection, whatever is under way', async () => {
  const { port, node, dial, open, begun } = await startHolding()
  const [peer, client, silent] = [await dial(), await open(), await dial()]
  peer.send(GET)
  client.put(1).ask(2, RequestKind.Status).flush()
  await Promise.all([begun(1), client.answered(2)])
  const closed = port.close()
  port.destroy()
  await Promise.all([closed, peer.over, client.peer.over, silent.over])
  // Nobody hears it any more.
  node.writes[0]?.(null, PUT)
  expect([peer.received, client.answers.has(1)]).toEqual(['', false])
})

test('what comes on HTTP connections that are kept alive, after the member has begun to stop, is answered with 503 as the last', async () => {
  let served = 0
  const { port, dial } = await startPort({
    onRequest: (_request, response) => {
      served += 1
      response.end('served')
    },
  })
  const peers = await Promise.all(Array.from({ length: 20 }, dial))
  for (const peer of peers) peer.send(GET)
  await Promise.all(peers.map((peer) => peer.until(() => peer.statuses.length === 1)))
  const closed = port.close()
  for (const peer of peers) peer.send(GET)
  await Promise.all(peers.map(({ over }) => over))
  await Promise.all(peers.map((peer) => peer.end()))
  for (const { received, statuses, error } of peers) {
    expect([statuses, error]).toEqual([[200, 503], null])
    expect(received).toMatch(/ 503 .*retry-after: 1.*connection: close.*RAFT_STOPPED/is)
  }
  expect(served).toBe(20)
  await closed
})

test('an HTTP connection that is kept alive and idle ends without a reset, and its client may be slow to end it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { port, dial } = await startPort()
  const [idle, late] = [await dial(), await dial()]
  for (const peer of [idle, late]) {
    peer.send(GET)
    await peer.until(() => peer.statuses.length === 1)
  }
  const closed = port.close()
  vi.advanceTimersByTime(LAST_MOMENT - 1)
  // Time enough for the end to arrive, had it left.
  for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve))
  expect([idle.isOver, late.isOver]).toEqual([false, false])
  vi.advanceTimersByTime(1)
  await Promise.all([idle.over, late.over])
  // It had sent this before it saw the end.
  late.send(GET)
  await Promise.all([idle.end(), late.end()])
  expect([idle.error, late.error, late.statuses]).toEqual([null, null, [200]])
  await closed
})

test('connections that have come and were not yet accepted when the member stops are answered, and not reset', async () => {
  const { port, dial } = await startPort()
  const peers = await Promise.all(Array.from({ length: 50 }, dial))
  const closed = port.close()
  for (const peer of peers) peer.send(GET)
  await Promise.all(peers.map(({ over }) => over))
  await Promise.all(peers.map((peer) => peer.end()))
  for (const { statuses, error } of peers) expect([statuses, error]).toEqual([[503], null])
  await closed
})

test('everything is answered before every connection has ended, so that a leader need not wait for clients to go', async () => {
  const { port, node, dial, open, held, begun } = await startHolding()
  const [idle, client] = [await dial(), await open()]
  idle.send(GET)
  client.put(1).ask(2, RequestKind.Status).flush()
  await Promise.all([begun(1), client.answered(2)])
  const ends: string[] = []
  const closed = port.close().then(() => ends.push('closed'))
  const answered = port.answered().then(() => ends.push('answered'))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(ends).toEqual([])
  node.writes[0]?.(null, PUT)
  held[0]?.()
  await answered
  expect(ends).toEqual(['answered'])
  await Promise.all([client.peer.over, idle.over])
  await Promise.all([idle.end(), client.peer.end(), closed])
})

test('a client that is answered for the last time and connects again is told in an answer why, and after a moment nobody listens', async () => {
  const { port, dial, held, begun } = await startHolding()
  const first = await dial()
  first.send(GET)
  await begun(1)
  const closed = port.close()
  held[0]?.()
  await first.over
  const second = await dial()
  second.send(GET)
  await second.over
  expect([first.statuses, second.statuses, second.error]).toEqual([[200], [503], null])
  await Promise.all([first.end(), second.end()])
  await closed
  await expect(dial()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('a stop without patience lets the answers that it has decided leave, and closes no connection before them', async () => {
  const { port, open, node } = await startHolding()
  const client = await open()
  client.put(1).ask(2, RequestKind.Status).flush()
  await client.answered(2)
  const entrance = tcpEntrance(port, '127.0.0.1:1', { info: () => {}, warn: () => {}, error: () => {} })
  await entrance.finish(0)
  // As when the node is stopped, between the two.
  const closed = entrance.close(0)
  node.writes[0]?.(new NodeStoppedError(), undefined)
  await client.peer.over
  expect(client.errorOf(1)).toMatchObject(STOPPING)
  await client.peer.end()
  await closed
})

test('a start that failed ends every connection at once, whatever is under way', async () => {
  const { port, dial, begun } = await startHolding()
  const peer = await dial()
  peer.send(GET)
  await begun(1)
  const entrance = tcpEntrance(port, '127.0.0.1:1', { info: () => {}, warn: () => {}, error: () => {} })
  await entrance.finish(null)
  await entrance.close(null)
  await peer.over
  expect(peer.received).toBe('')
})
