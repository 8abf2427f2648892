import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { connect, OutcomeUnknownError, RaftClient, TimeoutError, text } from '../src/index.js'
import { Store } from './support/store.js'
import { member } from './support/tcp-member.js'

/* Tests of an application fake timers around a client, and take the fakes away again. */

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

test('a client that was made while timers were faked works then, and when the fakes have gone', async () => {
  const client = await connect({ members: [await member(new Store(), () => 'leader')], codec: text })
  expect(await client.put('a', '1')).toMatchObject({ modRevision: 1 })
  const underWay = client.put('a', '2')
  vi.useRealTimers()
  expect(await underWay).toMatchObject({ modRevision: 2 })
  expect(await client.put('a', '3')).toMatchObject({ modRevision: 3 })
  await client.close()
})

test('calls run out of time while timers are faked, and when the fakes have gone meanwhile', async () => {
  const silent = await member(
    new Store(),
    () => 'leader',
    () => true,
  )
  const client = await connect({ members: [silent], codec: text })
  await expect(client.put('a', '1', { timeout: 50 })).rejects.toThrow(OutcomeUnknownError)
  const underWay = client.put('a', '2', { timeout: 50 })
  vi.useRealTimers()
  await expect(underWay).rejects.toThrow(OutcomeUnknownError)
  await client.close()
})

test('a client that looks for a leader in vain gives up in time while timers are faked', async () => {
  const client = new RaftClient({ members: [await member(new Store(), () => 'follower')], codec: text })
  await expect(client.waitForLeader({ timeout: 50 })).rejects.toThrow(TimeoutError)
  const underWay = client.waitForLeader({ timeout: 50 })
  vi.useRealTimers()
  await expect(underWay).rejects.toThrow(TimeoutError)
  await client.close()
})
