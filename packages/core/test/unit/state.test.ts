import { describe, expect, it } from 'vitest'
import { append } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

describe('State', () => {
  it('can be forked between an event and its effects', () => {
    const c = scenario()
    const state = c.state('a')
    state.step({ type: 'message', from: 'b', message: append({ term: 1, terms: [1, 1] }) }, c.now)
    const fork = state.fork()
    expect(fork.fingerprint()).toBe(state.fingerprint())
    expect(fork.takeEffects()).toEqual(state.takeEffects())
    expect(fork.fingerprint()).toBe(state.fingerprint())
  })

  it('hands the state machine one batch at a time', () => {
    const c = scenario({ members: ['a'] })
    c.elect('a')
    c.propose('a', 'x')
    c.completeWrite('a')
    expect(c.member('a').applying?.lastIndex).toBe(2)
    c.propose('a', 'y')
    c.completeWrite('a')
    expect(c.state('a').commitIndex).toBe(3)
    expect(c.member('a').applying?.lastIndex).toBe(2)
    c.settle()
    expect(c.member('a').applied).toEqual(['x', 'y'])
  })

  it('hears what is committed before the entries are here', () => {
    const c = scenario()
    c.receive('a', 'b', append({ term: 1, terms: [1, 1], commit: 500 }))
    expect([c.state('a').commitIndex, c.state('a').knownCommitIndex]).toEqual([2, 500])
    // Of entries that it cannot place yet, too.
    c.receive('a', 'b', append({ term: 1, prev: [600, 1], terms: [1], commit: 600 }))
    expect([c.state('a').commitIndex, c.state('a').knownCommitIndex]).toEqual([2, 600])
    expect(c.state('a').fork().knownCommitIndex).toBe(600)
    c.receive('a', 'b', append({ term: 1, prev: [2, 1], commit: 2 }))
    expect(c.state('a').knownCommitIndex).toBe(600)
  })

  it('knows no time that goes back', () => {
    const c = scenario()
    const state = c.state('a')
    state.step({ type: 'tick' }, c.now + 100)
    state.step({ type: 'tick' }, c.now)
    expect(state.now).toBe(c.now + 100)
  })
})
