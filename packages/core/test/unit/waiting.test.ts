import { describe, expect, it } from 'vitest'
import { NotLeaderError, OutcomeUnknownError, WaitAbortedError } from '../../src/index.js'
import { awaitCallback } from '../../src/node/await-callback.js'
import { Waiters } from '../../src/node/waiters.js'
import { outcome } from '../support/world.js'

const settle = () => new Promise((resolve) => setImmediate(resolve))

/** A signal that counts who listens to it. */
function countedSignal() {
  const controller = new AbortController()
  let listening = 0
  const { signal } = controller
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
  signal.addEventListener = (...parameters: Parameters<typeof add>) => {
    listening += 1
    add(...parameters)
  }
  signal.removeEventListener = (...parameters: Parameters<typeof remove>) => {
    listening -= 1
    remove(...parameters)
  }
  return { controller, signal, listening: () => listening }
}

describe('a promise for what a callback brings', () => {
  it.each([undefined, {}, { signal: new AbortController().signal }])(
    'is fulfilled with the value, or rejected with the error: %j',
    async (options) => {
      const error = new NotLeaderError(null)
      expect(await awaitCallback<number>((done) => done(null, 7), options)).toBe(7)
      await expect(awaitCallback<number>((done) => done(error, undefined), options)).rejects.toBe(error)
    },
  )

  it('ends when the signal aborts, with what the caller says that means', async () => {
    const { controller, signal } = countedSignal()
    const plain = outcome(awaitCallback<number>(() => {}, { signal }))
    const unknown = outcome(
      awaitCallback<number>(
        () => {},
        { signal },
        () => new OutcomeUnknownError('mine'),
      ),
    )
    await settle()
    expect([plain.settled, unknown.settled]).toEqual([false, false])
    controller.abort()
    await settle()
    expect(plain.error).toBeInstanceOf(WaitAbortedError)
    expect(unknown.error).toBeInstanceOf(OutcomeUnknownError)
  })

  it('does not begin where the signal was aborted before', async () => {
    let begun = false
    const start = () => {
      begun = true
    }
    await expect(awaitCallback(start, { signal: AbortSignal.abort() }, () => new OutcomeUnknownError('x'))).rejects.toBeInstanceOf(
      WaitAbortedError,
    )
    expect(begun).toBe(false)
  })

  it('leaves no listener on the signal', async () => {
    const { signal, listening } = countedSignal()
    let finish = (): void => {}
    const waiting = awaitCallback<number>(
      (done) => {
        finish = () => done(null, 1)
      },
      { signal },
    )
    expect(listening()).toBe(1)
    finish()
    await waiting
    expect(listening()).toBe(0)
  })
})

describe('those who wait for a change', () => {
  it('are told at once where it has come already, and else when it comes', async () => {
    const waiters = new Waiters()
    expect(await waiters.until('x', () => 5, undefined)).toBe(5)
    let value: number | null = null
    const later = outcome(waiters.until('x', () => value, undefined))
    waiters.wake()
    await settle()
    expect(later.settled).toBe(false)
    value = 6
    await settle()
    expect(later.settled).toBe(false)
    waiters.wake()
    await settle()
    expect(later.value).toBe(6)
  })

  it('are asked no more once they know, and leave no listener on the signal', async () => {
    const waiters = new Waiters()
    const { controller, signal, listening } = countedSignal()
    let asked = 0
    let value: number | null = null
    const look = () => {
      asked += 1
      return value
    }
    const waiting = waiters.until('x', look, { signal })
    expect([asked, listening()]).toEqual([1, 1])
    value = 1
    waiters.wake()
    await waiting
    expect([asked, listening()]).toEqual([2, 0])
    waiters.wake()
    controller.abort()
    expect(asked).toBe(2)
  })

  it('give up when the signal aborts, or where asking fails', async () => {
    const waiters = new Waiters()
    const { controller, signal } = countedSignal()
    const aborted = outcome(waiters.until('a leader', () => null, { signal }))
    await expect(waiters.until('x', () => null, { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(WaitAbortedError)
    controller.abort()
    await settle()
    expect(String(aborted.error)).toContain('gave up waiting for a leader')
    let asked = 0
    const broken = () => {
      asked += 1
      throw new Error('stopped')
    }
    await expect(waiters.until('x', broken, undefined)).rejects.toThrow('stopped')
    waiters.wake()
    expect(asked).toBe(1)
  })
})
