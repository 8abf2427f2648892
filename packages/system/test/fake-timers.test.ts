import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { clockSuite } from '@raft/conformance'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { nextTick, nodeClock, queueMicrotask, setImmediate, setTimeout } from '../src/index.js'

/* Tests of an application fake timers around a member, and take the fakes away again. */

const FAKED = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'queueMicrotask',
  'Date',
  'hrtime',
  'performance',
] as const

beforeEach(() => void vi.useFakeTimers({ toFake: [...FAKED] }))
afterEach(() => void vi.useRealTimers())

describe('while timers are faked, the clock of a process', () => {
  clockSuite({ test, make: () => nodeClock })
})

test('what was scheduled and deferred while timers were faked comes when the fakes have gone', async () => {
  const scheduled = new Promise<void>((resolve) => void nodeClock.schedule(nodeClock.now() + 20, resolve))
  const deferred = new Promise<void>((resolve) => nodeClock.defer(resolve))
  const others = [setTimeout, setImmediate, queueMicrotask, nextTick].map((later) => new Promise<void>((resolve) => void later(resolve)))
  vi.useRealTimers()
  await Promise.all([scheduled, deferred, ...others])
})

test('a process that loads the package while timers are faked has the real ones all the same', async () => {
  vi.resetModules()
  const loaded = await import('../src/index.js')
  const start = loaded.now()
  await new Promise<void>((resolve) => void loaded.setTimeout(resolve, 20))
  await new Promise<void>((resolve) => void loaded.setImmediate(resolve))
  expect(loaded.now() - start).toBeGreaterThan(15)
})

test('what was scheduled before timers were faked can be called off while they are', async () => {
  vi.useRealTimers()
  let calls = 0
  const callOff = nodeClock.schedule(nodeClock.now() + 10, () => {
    calls += 1
  })
  vi.useFakeTimers({ toFake: [...FAKED] })
  callOff()
  await new Promise<void>((resolve) => void nodeClock.schedule(nodeClock.now() + 30, resolve))
  expect(calls).toBe(0)
})

test('time-outs of sockets and signals are of Node.js itself, and come while timers are faked', async () => {
  const signal = AbortSignal.timeout(20)
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
  const server = createServer((socket) => {
    socket.setTimeout(20, () => socket.destroy())
    socket.on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.resume()
  await once(socket, 'close')
  server.close()
})
