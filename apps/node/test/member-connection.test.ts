import type { Connection, ConnectionEvents } from '@raft/client'
import { type Request, RequestKind, ServerEndpoint } from '@raft/client/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { MemberConnection, type Reply } from '../src/routing/member-connection.js'
import { leaderStatus, ManualClock } from './port.js'

const MIB = 1024 * 1024
const PUT = { type: 'put', revision: 1, createRevision: 1, modRevision: 1, version: 7 } as const

class Clock extends ManualClock {
  override defer(callback: () => void): void {
    this.schedule(this.now(), callback)
  }
}

/** A member reads no more of a connection that has so much under way. */
const MAX_CONNECTION_BYTES = 32 * MIB

/** A connection to a member that reads what it is sent, tells how it is at once, and answers writes when the test says so. */
function setUp() {
  const clock = new Clock()
  const received: Request[] = []
  const problems: string[] = []
  let events: ConnectionEvents | null = null
  const endpoint = new ServerEndpoint({
    identity: { memberId: 'n1', clusterId: 'c' },
    maxFrameBytes: 24 * MIB,
    maxRequestBytes: 20 * MIB,
    onRequest: (request) => {
      if (request.kind === RequestKind.Status) endpoint.status(request.id, leaderStatus)
      else received.push(request)
    },
    onPending: () =>
      clock.defer(() => {
        const bytes = endpoint.take()
        if (bytes !== null) events?.onData(bytes)
      }),
  })
  const leader = { reads: true }
  const unread: Uint8Array[] = []
  const read = () => {
    const isFull = () => received.reduce((sum, { body }) => sum + body.length, 0) > MAX_CONNECTION_BYTES
    while (leader.reads && !isFull() && unread.length > 0) endpoint.receive(unread.shift() ?? Buffer.alloc(0))
  }
  const connection = new MemberConnection({
    address: 'a:1',
    memberId: 'n1',
    clusterId: 'c',
    connectTimeout: 1_000,
    silenceTimeout: 2_000,
    clock,
    connector: {
      connect: (_address, given): Connection => {
        events = given
        clock.defer(() => given.onOpen())
        return {
          write: (bytes) => {
            unread.push(bytes.slice())
            clock.defer(read)
            return true
          },
          close: () => {},
        }
      },
    },
    onClose: () => {},
    onProblem: (problem) => problems.push(problem),
  })
  onTestFinished(() => connection.close())
  const replies: Reply['type'][] = []
  const ask = (bytes: number, timeout = 60_000) =>
    connection.request(RequestKind.Write, timeout, Buffer.alloc(bytes), ({ type }) => void replies.push(type))
  const pass = (milliseconds: number) => {
    for (let at = 0; at < milliseconds; at += 10) clock.advance(10)
  }
  const answer = (count: number) => {
    for (const { id } of received.splice(0, count)) endpoint.result(id, PUT)
    read()
    pass(50)
  }
  return { connection, leader, received, problems, replies, ask, pass, answer }
}

test('no more than 16 MiB are under way at one time: what waits here leaves when there is room, in order', () => {
  const { connection, received, replies, ask, pass, answer } = setUp()
  pass(50)
  const ids = Array.from({ length: 40 }, () => ask(MIB))
  pass(50)
  expect(received.length).toBe(16)
  expect(ids.map((id) => connection.hasSent(id))).toEqual(ids.map((_, i) => i < 16))
  expect(connection.waitingBytes).toBe(24 * MIB)
  answer(5)
  expect(received.length).toBe(16)
  while (received.length > 0) answer(16)
  expect(replies).toEqual(ids.map(() => 'response'))
  expect(connection.waitingBytes).toBe(0)
})

test('a member that takes long over its commits is seen to live, whatever waits', () => {
  const { problems, replies, received, ask, pass, answer } = setUp()
  pass(50)
  for (let i = 0; i < 40; i++) ask(MIB)
  pass(60_000)
  expect([problems, replies]).toEqual([[], []])
  while (received.length > 0) answer(16)
  expect(replies).toEqual(Array(40).fill('response'))
})

test('a request that is larger than that is sent alone', () => {
  const { received, ask, pass, answer } = setUp()
  ask(18 * MIB)
  ask(1)
  pass(50)
  expect(received.map(({ body }) => body.length)).toEqual([18 * MIB])
  answer(1)
  expect(received.map(({ body }) => body.length)).toEqual([1])
})

test('no more than 8192 requests are under way at one time', () => {
  const { received, ask, pass, answer } = setUp()
  pass(50)
  for (let i = 0; i < 10_000; i++) ask(1)
  pass(50)
  expect(received.length).toBe(8192)
  answer(8192)
  expect(received.length).toBe(10_000 - 8192)
})

test('what has left is under way although nobody waits for its answer, and what waits here is taken back for certain', () => {
  const { connection, received, replies, ask, pass, answer } = setUp()
  pass(50)
  const ids = Array.from({ length: 20 }, () => ask(MIB))
  expect(connection.cancel(ids[0] ?? 0)).toBe(true)
  expect(connection.cancel(ids[0] ?? 0)).toBe(false)
  expect(connection.hasSent(ids[0] ?? 0)).toBe(false)
  expect(connection.cancel(ids[19] ?? 0)).toBe(false)
  expect(connection.waitingBytes).toBeGreaterThanOrEqual(3 * MIB)
  pass(50)
  expect(received.length).toBe(16)
  while (received.length > 0) answer(16)
  expect(replies.length).toBe(18)
})

test('a request that waited here is sent with the time that is left', () => {
  const { received, ask, pass, answer } = setUp()
  pass(50)
  ask(16 * MIB)
  ask(MIB, 5_000)
  pass(1_000)
  answer(1)
  expect(received[0]?.timeout).toBeGreaterThan(3_900)
  expect(received[0]?.timeout).toBeLessThanOrEqual(4_000)
})

test('when a connection ends, what waited here is not sent, and what had left is lost', () => {
  const { connection, replies, ask, pass } = setUp()
  pass(50)
  for (let i = 0; i < 20; i++) ask(MIB)
  pass(50)
  connection.close()
  expect(replies.filter((type) => type === 'notSent').length).toBe(4)
  expect(replies.filter((type) => type === 'lost').length).toBe(16)
})

test('a large request over a slow path has a second more for each MiB, before its silence is held against the member', () => {
  const { leader, problems, ask, pass } = setUp()
  pass(50)
  leader.reads = false
  ask(8 * MIB)
  pass(9_500)
  expect(problems).toEqual([])
  pass(1_500)
  expect(problems).toEqual([expect.stringContaining('sent nothing for 2000 ms while answers were due')])
})
