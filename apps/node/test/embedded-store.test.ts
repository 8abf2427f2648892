import {
  ClosedError,
  CommandTooLargeError,
  NoLeaderError,
  OutcomeUnknownError,
  OverloadedError,
  ProtocolError,
  RefusedError,
  TimeoutError,
  text,
} from '@raft/commands'
import * as core from '@raft/core'
import { describe, expect, test } from 'vitest'
import * as node from '../src/errors.js'
import { type EmbeddedService, EmbeddedStore } from '../src/store/embedded-store.js'

/** A store whose member does with every request what `fate` says. */
function storeOf(fate: () => Promise<never>): EmbeddedStore<string> {
  const service: EmbeddedService = { write: fate, get: fate, range: fate }
  return new EmbeddedStore({ service: () => service, codec: text, requestTimeout: 1000 })
}

const never = () => new Promise<never>(() => {})

describe('an error of the member is one of a Store, with the same code where it has one', () => {
  test.each([
    [new core.OutcomeUnknownError('a new leader'), OutcomeUnknownError, true],
    [new core.OverloadedError('8 proposals'), OverloadedError, false],
    [new core.CommandTooLargeError(9, 8), CommandTooLargeError, false],
    [new node.RefusedError('RAFT_TRANSACTION_TOO_LARGE', 'it reads too much'), RefusedError, false],
  ])('%o', async (error, expected, outcomeUnknown) => {
    const call = storeOf(() => Promise.reject(error)).put('k', 'v')
    await expect(call).rejects.toBeInstanceOf(expected)
    await expect(call).rejects.toMatchObject({ code: error.code, outcomeUnknown, message: expect.stringContaining(error.message) })
  })

  test.each([[new node.NoLeaderError(50, 'n2 is not heard')], [new node.RefusedError('RAFT_DEADLINE_EXCEEDED', 'n2 is not heard')]])(
    '%o',
    async (error) => {
      const call = storeOf(() => Promise.reject(error)).get('k', { timeout: 50 })
      await expect(call).rejects.toBeInstanceOf(TimeoutError)
      await expect(call).rejects.toMatchObject({ outcomeUnknown: false, cause: expect.any(NoLeaderError) })
      await expect(call).rejects.toThrow(/within 50 ms.*n2 is not heard/)
    },
  )

  test('an answer of another member that cannot be read', async () => {
    const call = storeOf(() => Promise.reject(new core.RaftError('RAFT_PROTOCOL', 'cut short'))).page()
    await expect(call).rejects.toBeInstanceOf(ProtocolError)
  })

  test('a member that has died of an error, which is the cause', async () => {
    const cause = new Error('the disk is full')
    const call = storeOf(() => Promise.reject(new core.NodeStoppedError(cause))).get('k')
    await expect(call).rejects.toBeInstanceOf(ClosedError)
    await expect(call).rejects.toMatchObject({ code: 'RAFT_CLOSED', cause })
  })

  test('what is no error of the member is the caller’s as it is', async () => {
    const bug = new TypeError('a bug')
    await expect(storeOf(() => Promise.reject(bug)).get('k')).rejects.toBe(bug)
  })
})

test('a member that does not run is asked for nothing', async () => {
  const store = new EmbeddedStore({ service: () => null, codec: text, requestTimeout: 1000 })
  await expect(store.put('k', 'v')).rejects.toBeInstanceOf(ClosedError)
  await expect(store.page()).rejects.toMatchObject({ code: 'RAFT_CLOSED', outcomeUnknown: false })
})

test('a signal that fires while a call is under way: a read has no effect, a write may have', async () => {
  const controller = new AbortController()
  const { signal } = controller
  const store = storeOf(never)
  const calls = [store.put('k', 'v', { signal }), store.get('k', { signal }), store.page({ signal })]
  controller.abort('enough')
  const [write, ...reads] = await Promise.allSettled(calls)
  expect(write).toMatchObject({ reason: { code: 'RAFT_ABORTED', outcomeUnknown: true, cause: 'enough' } })
  for (const read of reads) expect(read).toMatchObject({ reason: { code: 'RAFT_ABORTED', outcomeUnknown: false } })
})

test('a signal keeps nothing of a call that is over', async () => {
  const listeners = new Set<string>()
  const signal = {
    aborted: false,
    addEventListener: (name: string) => listeners.add(name),
    removeEventListener: (name: string) => listeners.delete(name),
  } as unknown as AbortSignal
  const store = storeOf(() => Promise.reject(new core.OverloadedError('much')))
  await Promise.allSettled([store.put('k', 'v', { signal }), store.get('k', { signal }), store.put('', 'v', { signal })])
  expect([...listeners]).toEqual([])
})
