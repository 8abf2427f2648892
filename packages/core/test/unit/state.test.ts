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

  it('knows no time that goes back', () => {
    const c = scenario()
    const state = c.state('a')
    state.step({ type: 'tick' }, c.now + 100)
    state.step({ type: 'tick' }, c.now)
    expect(state.now).toBe(c.now + 100)
  })
})
