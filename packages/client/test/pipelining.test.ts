import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AbortedError, ClosedError, OutcomeUnknownError, OverloadedError, type RaftClient, TimeoutError } from '../src/index.js'
import { type Request, RequestKind } from '../src/protocol/index.js'
import { A, Cluster, outcome } from './support/cluster.js'
import type { Session } from './support/network.js'

let cluster: Cluster
let client: RaftClient
let held: { request: Request; session: Session }[]

beforeEach(async () => {
  cluster = new Cluster()
  client = await lead({})
  held = []
})

afterEach(async () => {
  await client.close()
})

/** A client that has found the leader. */
async function lead(options: Parameters<Cluster['client']>[0]): Promise<RaftClient> {
  const made = cluster.client(options)
  const ready = outcome(made.waitForLeader())
  await cluster.clock.run(100)
  expect(ready.settled).toBe(true)
  cluster.received.length = 0
  cluster.network.writes.clear()
  return made
}

/** Members take writes and do not answer, until `answer`. */
function hold(): void {
  cluster.intercept = (_address, request, session) => {
    if (request.kind !== RequestKind.Write) return false
    held.push({ request, session })
    return true
  }
}

function answer(): void {
  for (const { request, session } of held.splice(0)) cluster.write(request, session)
}

describe('one connection for all', () => {
  test('1000 requests of one turn leave in one write', async () => {
    const seen = Array.from({ length: 1_000 }, (_, i) => outcome(client.put(`k${i}`, i)))
    await cluster.clock.run(100)
    expect(seen.every(({ value }) => value !== undefined)).toBe(true)
    expect(cluster.network.writes.get(A)).toBe(1)
  })

  test('fault 6, one shared future: concurrent writes each get their own answer, whatever the order of the answers', async () => {
    hold()
    const seen = Array.from({ length: 100 }, (_, i) => outcome(client.put(`k${i}`, i)))
    await cluster.clock.run(10)
    expect(seen.some(({ settled }) => settled)).toBe(false)
    held.reverse()
    answer()
    await cluster.clock.run(10)
    expect(seen.map(({ value }) => value?.modRevision)).toEqual(Array.from({ length: 100 }, (_, i) => 100 - i))
  })

  test('the member is told how long the client will wait', async () => {
    outcome(client.put('a', 1, { timeout: 250 }))
    outcome(client.put('b', 1, { timeout: Number.POSITIVE_INFINITY }))
    await cluster.clock.run(10)
    expect(cluster.received.map(({ timeout }) => timeout)).toEqual([250, 0])
  })
})

describe('back-pressure', () => {
  test('no more than maxPending are sent; the others wait for answers', async () => {
    const narrow = await lead({ maxPending: 4 })
    hold()
    const seen = Array.from({ length: 10 }, (_, i) => outcome(narrow.put(`k${i}`, i)))
    for (const expected of [4, 4, 2]) {
      await cluster.clock.run(10)
      expect(held).toHaveLength(expected)
      answer()
    }
    await cluster.clock.run(10)
    expect(seen.every(({ value }) => value !== undefined)).toBe(true)
    await narrow.close()
  })

  test('no more than maxPendingBytes are sent, but a larger one goes alone', async () => {
    const narrow = await lead({ maxPendingBytes: 1_000 })
    hold()
    const seen = ['x'.repeat(5_000), 'x'.repeat(400), 'x'.repeat(400), 'x'.repeat(400)].map((value) => outcome(narrow.put('k', value)))
    for (const expected of [1, 2, 1]) {
      await cluster.clock.run(10)
      expect(held).toHaveLength(expected)
      answer()
    }
    await cluster.clock.run(10)
    expect(seen.every(({ value }) => value !== undefined)).toBe(true)
    await narrow.close()
  })

  test('more calls than may wait are refused at once, and have no effect', async () => {
    const narrow = await lead({ maxPending: 1, maxWaiting: 5 })
    hold()
    const seen = Array.from({ length: 7 }, (_, i) => outcome(narrow.put(`k${i}`, i)))
    await cluster.clock.run(0)
    expect(seen.map(({ error }) => error instanceof OverloadedError)).toEqual([false, false, false, false, false, true, true])
    expect(narrow.statistics()).toMatchObject({ pending: 1, waiting: 4 })
    await narrow.close()
  })

  test('more bytes than may wait are refused at once', async () => {
    const narrow = await lead({ maxWaitingBytes: 1_000 })
    hold()
    const seen = Array.from({ length: 3 }, () => outcome(narrow.put('k', 'x'.repeat(450))))
    await cluster.clock.run(0)
    expect(seen.map(({ error }) => error instanceof OverloadedError)).toEqual([false, false, true])
    await narrow.close()
  })

  test('a socket that takes no more is left alone until it has room', async () => {
    cluster.network.congested.add(A)
    hold()
    outcome(client.put('a', 1))
    await cluster.clock.run(10)
    outcome(client.put('b', 1))
    outcome(client.put('c', 1))
    await cluster.clock.run(10)
    expect(held).toHaveLength(1)
    cluster.network.drain(A)
    await cluster.clock.run(10)
    expect(held).toHaveLength(3)
    expect(cluster.network.writes.get(A)).toBe(2)
  })
})

describe('deadlines', () => {
  test('trap 37: a write that timed out has an unknown outcome and says so, and its late answer changes nothing', async () => {
    hold()
    const seen = outcome(client.put('a', 1, { timeout: 200 }))
    await cluster.clock.run(199)
    expect(seen.settled).toBe(false)
    await cluster.clock.run(10)
    expect(seen.error).toBeInstanceOf(OutcomeUnknownError)
    expect(String(seen.error)).toMatch(/no answer within 200 ms.*may have taken effect/)
    answer()
    await cluster.clock.run(10)
    expect(client.statistics()).toMatchObject({ lateResponses: 1, pending: 0, pendingBytes: 0 })
  })

  test('a write that was never sent times out with certainty', async () => {
    cluster.leader = null
    cluster.staleHints.set(A, null)
    const seen = outcome(client.put('a', 1, { timeout: 200 }))
    await cluster.clock.run(300)
    expect(seen.error).toBeInstanceOf(TimeoutError)
    expect(seen.error).toMatchObject({ code: 'RAFT_TIMEOUT', outcomeUnknown: false })
    cluster.elect(A)
    await cluster.clock.run(2_000)
    expect(cluster.store.entries.size).toBe(0)
  })

  test('a read that timed out has no outcome to be unknown', async () => {
    cluster.intercept = (_address, request) => request.kind === RequestKind.Get
    const seen = outcome(client.get('a', { timeout: 200 }))
    await cluster.clock.run(300)
    expect(seen.error).toBeInstanceOf(TimeoutError)
  })

  test('each call has its own, and all of them share one timer', async () => {
    hold()
    const before = cluster.clock.timers
    const seen = [300, 100, 200].map((timeout) => outcome(client.put('a', 1, { timeout })))
    const many = Array.from({ length: 100 }, () => outcome(client.put('a', 1)))
    await cluster.clock.run(50)
    // One for the deadlines, one for the eye on the leader.
    expect(cluster.clock.timers - before).toBeLessThanOrEqual(2)
    for (const expected of [
      [false, true, false],
      [false, true, true],
      [true, true, true],
    ]) {
      await cluster.clock.run(100)
      expect(seen.map(({ settled }) => settled)).toEqual(expected)
    }
    expect(many.some(({ settled }) => settled)).toBe(false)
  })
})

describe('abort', () => {
  test('before it was sent: it never is', async () => {
    const controller = new AbortController()
    const seen = outcome(client.put('a', 1, { signal: controller.signal }))
    controller.abort('changed my mind')
    await cluster.clock.run(100)
    expect(seen.error).toBeInstanceOf(AbortedError)
    expect(seen.error).toMatchObject({ code: 'RAFT_ABORTED', outcomeUnknown: false, cause: 'changed my mind' })
    expect(cluster.received).toEqual([])
    await expect(client.get('a', { signal: controller.signal })).rejects.toThrow(AbortedError)
  })

  test('after a write was sent: it says that the outcome is unknown', async () => {
    hold()
    const controller = new AbortController()
    const seen = outcome(client.put('a', 1, { signal: controller.signal }))
    await cluster.clock.run(10)
    controller.abort()
    await cluster.clock.run(10)
    expect(seen.error).toMatchObject({ code: 'RAFT_ABORTED', outcomeUnknown: true })
    expect(client.statistics()).toMatchObject({ pending: 0, aborted: 1 })
  })

  test('a call that is done leaves no listener on its signal', async () => {
    const { signal } = new AbortController()
    const seen = [1, 2].map((value) => outcome(client.put('a', value, { signal })))
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    await cluster.clock.run(10)
    expect(seen.every(({ value }) => value !== undefined)).toBe(true)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('calls that were aborted while no member led take no memory', async () => {
    cluster.leader = null
    cluster.staleHints.set(A, null)
    const controller = new AbortController()
    const seen = Array.from({ length: 5_000 }, () => outcome(client.put('a', 1, { signal: controller.signal })))
    await cluster.clock.run(50)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    controller.abort()
    expect(client.statistics()).toMatchObject({ waiting: 0, waitingBytes: 0, aborted: 5_000 })
    await cluster.clock.run(1)
    expect(seen.every(({ error }) => error instanceof AbortedError)).toBe(true)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })
})

describe('close', () => {
  test('settles every call, with the truth, and leaves no timer', async () => {
    hold()
    const sent = outcome(client.put('a', 1))
    const read = outcome(client.get('a'))
    await cluster.clock.run(0)
    const waiting = outcome(client.put('b', 1))
    await client.close()
    await cluster.clock.run(10)
    expect(sent.error).toBeInstanceOf(OutcomeUnknownError)
    expect(read.error).toBeInstanceOf(ClosedError)
    expect(waiting.error).toBeInstanceOf(ClosedError)
    await expect(client.get('a')).rejects.toThrow(ClosedError)
    expect(cluster.clock.timers).toBe(0)
  })
})
