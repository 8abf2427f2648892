import { describe, expect, it } from 'vitest'
import { NotLeaderError, OutcomeUnknownError, WaitAbortedError } from '../../src/index.js'
import { LeadershipTerm } from '../../src/node/leadership-term.js'
import { Listeners } from '../../src/node/listeners.js'
import { awaitCallback, Waiters } from '../../src/node/waiting.js'
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

describe('listeners', () => {
  interface Events {
    readonly one: number
    readonly other: number
  }

  it('get the events of their name until they are taken off', () => {
    const listeners = new Listeners<Events>(() => {})
    const seen: string[] = []
    const off = listeners.on('one', (event) => seen.push(`a${event}`))
    listeners.on('one', (event) => seen.push(`b${event}`))
    listeners.on('other', (event) => seen.push(`c${event}`))
    listeners.emit('one', 1)
    off()
    listeners.emit('one', 2)
    listeners.emit('other', 3)
    expect(seen).toEqual(['a1', 'b1', 'b2', 'c3'])
  })

  it('that are added or taken off by another are told, or not, from the next event on', () => {
    const listeners = new Listeners<Events>(() => {})
    const seen: string[] = []
    listeners.on('one', () => {
      if (seen.length === 0) listeners.on('one', () => seen.push('added'))
      seen.push('first')
    })
    listeners.emit('one', 1)
    expect(seen).toEqual(['first'])
    listeners.emit('one', 2)
    expect(seen).toEqual(['first', 'first', 'added'])
  })

  it('that throw or reject are reported, each time, and harm no other', async () => {
    const errors: unknown[] = []
    const listeners = new Listeners<Events>((error) => errors.push(error))
    let told = 0
    listeners.on('one', () => {
      throw new Error('thrown')
    })
    listeners.on('one', () => Promise.reject(new Error('rejected')) as unknown as undefined)
    listeners.on('one', () => {
      told += 1
    })
    for (let i = 0; i < 2; i++) {
      listeners.emit('one', 1)
      await settle()
    }
    expect([told, errors.map(String)]).toEqual([2, ['Error: thrown', 'Error: rejected', 'Error: thrown', 'Error: rejected']])
  })

  it('of errors that throw or reject are not told of that', async () => {
    let reports = 0
    const listeners: Listeners<Events> = new Listeners((error) => {
      reports += 1
      listeners.call(() => {
        throw error
      }, undefined)
      listeners.call(() => Promise.reject(error), undefined)
    })
    listeners.call(() => {
      throw new Error('mine')
    }, undefined)
    await settle()
    expect(reports).toBe(1)
    listeners.call(() => Promise.reject(new Error('mine')), undefined)
    await settle()
    expect(reports).toBe(2)
  })
})

describe('a term of leadership', () => {
  function make() {
    const calls: unknown[] = []
    const signals: AbortSignal[] = []
    const term = new LeadershipTerm((callback, event) => void callback(event), {
      onLeader: (leadership) => {
        calls.push(['leader', leadership.term])
        signals.push(leadership.signal)
      },
      onFollower: (following) => calls.push(['follower', following.term, following.leaderId]),
    })
    return { term, calls, signals }
  }

  it('begins for the user when its no-op is applied, once', () => {
    const { term, calls, signals } = make()
    term.applied(99, 5)
    term.transition({ role: 'leader', term: 3, leaderId: 'a' })
    term.applied(99, null)
    term.applied(4, 5)
    expect(calls).toEqual([])
    term.applied(5, 5)
    term.applied(6, 5)
    expect([calls, signals.map(({ aborted }) => aborted)]).toEqual([[['leader', 3]], [false]])
  })

  it('ends for the user when the member leads no more, in whatever role it is then', () => {
    for (const role of ['follower', 'preCandidate', 'candidate'] as const) {
      const { term, signals } = make()
      term.transition({ role: 'leader', term: 3, leaderId: 'a' })
      term.applied(5, 5)
      term.transition({ role, term: 4, leaderId: null })
      expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    }
  })

  it('that ended before its no-op was applied never began', () => {
    const { term, calls } = make()
    term.transition({ role: 'leader', term: 3, leaderId: 'a' })
    term.transition({ role: 'candidate', term: 4, leaderId: null })
    term.applied(5, 5)
    expect(calls).toEqual([])
    term.transition({ role: 'leader', term: 5, leaderId: 'a' })
    term.stop()
    term.applied(5, 5)
    expect(calls).toEqual([])
  })

  it('is followed by one call of onFollower, however often leader and term change', () => {
    const { term, calls } = make()
    term.transition({ role: 'candidate', term: 1, leaderId: null })
    expect(calls).toEqual([])
    term.transition({ role: 'follower', term: 1, leaderId: null })
    term.transition({ role: 'follower', term: 1, leaderId: 'b' })
    term.transition({ role: 'candidate', term: 2, leaderId: null })
    term.transition({ role: 'follower', term: 2, leaderId: 'c' })
    expect(calls).toEqual([['follower', 1, null]])
    term.transition({ role: 'leader', term: 3, leaderId: 'a' })
    term.transition({ role: 'follower', term: 4, leaderId: 'b' })
    expect(calls).toEqual([
      ['follower', 1, null],
      ['follower', 4, 'b'],
    ])
  })

  it('needs no callbacks', () => {
    const term = new LeadershipTerm((callback, event) => void callback(event), {})
    term.transition({ role: 'follower', term: 1, leaderId: null })
    term.transition({ role: 'leader', term: 2, leaderId: 'a' })
    term.applied(1, 1)
    term.stop()
  })
})
