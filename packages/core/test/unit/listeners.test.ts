import { describe, expect, it } from 'vitest'
import { LeadershipCallbacks } from '../../src/node/leadership-callbacks.js'
import { Listeners } from '../../src/node/listeners.js'

const settle = () => new Promise((resolve) => setImmediate(resolve))

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
    const term = new LeadershipCallbacks((callback, event) => void callback(event), {
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
    const term = new LeadershipCallbacks((callback, event) => void callback(event), {})
    term.transition({ role: 'follower', term: 1, leaderId: null })
    term.transition({ role: 'leader', term: 2, leaderId: 'a' })
    term.applied(1, 1)
    term.stop()
  })
})
