import { RequestKind } from '@raft/client/protocol'
import { expect, test } from 'vitest'
import { startInProcess } from './cluster.js'
import { echo, GET, put, settle } from './http-by-hand.js'
import { leaderStatus, ManualClock, Peer, PUT, startPort } from './port.js'

const PATIENCE = { introduction: 10_000, head: 100, request: 200, linger: 5000 }

test('a read that could not be done before its deadline is refused as such, and the store is not asked', async () => {
  const clock = new ManualClock()
  let asked = 0
  const store = {
    revision: 1,
    get: () => {
      asked += 1
      return null
    },
    range: () => ({ revision: 1, entries: [], more: false }),
  }
  const { node, open } = await startPort({ protocol: { clock, store } })
  const client = await open()
  client.get(1, 'linearizable', 100).get(2, 'linearizable', 101).get(3, 'linearizable', 0).ask(4, RequestKind.Status).flush()
  await client.answered(4)
  clock.advance(101)
  node.reads[0]?.(null, 1)
  await client.answered(1, 2, 3)
  expect(client.errorOf(1)).toMatchObject({ outcome: 'notAppended', code: 'RAFT_DEADLINE_EXCEEDED' })
  expect([client.errorOf(2), client.errorOf(3), asked]).toEqual([null, null, 2])
})

test('the absolute form of a target is served as its path', async () => {
  const cluster = await startInProcess(1)
  const [host, port] = (cluster.addresses[0] ?? '').split(':')
  const peer = await Peer.dial(Number(port))
  peer.send(`PUT http://${host}:${port}/v1/kv/k HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\n\r\nv`)
  await peer.until(() => peer.statuses.length === 1)
  peer.send('GET HTTP://LOCALHOST/v1/kv/k?raw HTTP/1.1\r\nhost: localhost\r\n\r\n')
  peer.send('GET http://localhost HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
  await peer.over
  expect(peer.statuses).toEqual([200, 200, 200])
})

test('bytes that are no request are refused behind the answers that are due, in order', async () => {
  for (const broken of ['GARBAGE\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n']) {
    const { held, onRequest } = echo()
    const { dial } = await startPort({ onRequest })
    const peer = await dial()
    peer.send(put('/held', 'content-length: 0', '') + broken)
    await settle(dial)
    expect([peer.received, peer.isOver]).toEqual(['', false])
    held[0]?.()
    await peer.over
    expect([peer.statuses, peer.error]).toEqual([[200, 400], null])
  }
})

test('bytes behind a request that said it would be the last do not take its answer away', async () => {
  const { held, onRequest } = echo()
  const { dial } = await startPort({ onRequest })
  const peer = await dial()
  peer.send(put('/held', 'connection: close\r\ncontent-length: 0', '') + GET)
  await settle(dial)
  expect([peer.received, peer.isOver]).toEqual(['', false])
  held[0]?.()
  await peer.over
  expect(peer.statuses).toEqual([200])
})

test('a flood of headers is refused, and its sender hears of it', async () => {
  const { dial } = await startPort()
  const peer = await dial()
  peer.send('GET / HTTP/1.1\r\nhost: localhost\r\n')
  for (let i = 0; i < 64; i++) peer.send(`x-${i}: ${'y'.repeat(64 * 1024)}\r\n`)
  await peer.over
  await peer.end()
  expect([peer.statuses, peer.error]).toEqual([[431], null])
})

test('a head and a body that trickle are refused when their time is over', async () => {
  const { onRequest } = echo()
  const { dial } = await startPort({ onRequest, patience: PATIENCE })
  const [head, body] = [await dial(), await dial()]
  head.send('GET / HTTP/1.1\r\nx: ')
  body.send(put('/', 'transfer-encoding: chunked', '1\r\n1\r\n'))
  const timer = setInterval(() => {
    head.send('y')
    body.send('0')
  }, 20)
  await Promise.all([head.over, body.over])
  clearInterval(timer)
  expect([head.statuses, body.statuses]).toEqual([[408], [408]])
  expect([head.error, body.error]).toEqual([null, null])
})

test('requests of a connection beyond all bounds end it, and cost no more work', async () => {
  const errors: string[] = []
  let asked = 0
  const status = () => {
    asked += 1
    return leaderStatus
  }
  const onProtocolError = (error: Error) => errors.push(error.message)
  const { open } = await startPort({ protocol: { status, onProtocolError, maxPending: 10, maxOutgoingBytes: 1000 } })
  const busy = await open()
  for (let id = 1; id <= 80; id++) busy.ask(id, RequestKind.Status)
  await busy.flush().answered(...Array.from({ length: 80 }, (_, i) => i + 1))
  expect(errors).toEqual([])
  asked = 0
  const hostile = await open()
  for (let id = 1; id <= 4000; id++) hostile.ask(id, RequestKind.Status)
  hostile.flush()
  await hostile.peer.over
  expect(errors).toEqual(['more than 80 requests at one time'])
  expect(asked).toBeLessThan(20)
  expect(hostile.answers.size).toBe(asked)
})

test('what a client that broke the protocol still had under way costs no read, and harms nothing', async () => {
  let asked = 0
  const get = () => {
    asked += 1
    return null
  }
  const store = { revision: 1, get, range: () => ({ revision: 1, entries: [], more: false }) }
  const { node, open } = await startPort({ protocol: { store } })
  const client = await open()
  client.put(1).get(2).flush()
  client.peer.send(Uint8Array.of(0, 0, 0, 0))
  await client.peer.over
  node.writes[0]?.(null, PUT)
  node.reads[0]?.(null, 1)
  await client.peer.end()
  expect([asked, client.answers.size]).toEqual([0, 0])
})
