import { expect, test } from 'vitest'
import { rarely, withoutRepeats } from '../src/rarely.js'
import { ManualClock } from './port.js'

test('what happens again and again is said once a minute, with how often it has happened', () => {
  const clock = new ManualClock()
  const said: number[] = []
  const happened = rarely(clock, (times) => said.push(times))
  for (let i = 0; i < 130; i++) {
    happened()
    clock.advance(1_000)
  }
  expect(said).toEqual([1, 60, 60])
})

test('the same message is passed on once a minute, and another at once', () => {
  const clock = new ManualClock()
  const said: string[] = []
  const say = withoutRepeats(clock, (message) => said.push(message))
  for (let i = 0; i < 70; i++) {
    say('n1 cannot be reached')
    if (i > 2) say('n2 cannot be reached')
    clock.advance(1_000)
  }
  expect(said).toEqual(['n1 cannot be reached', 'n2 cannot be reached', 'n1 cannot be reached', 'n2 cannot be reached'])
})

test('few messages are remembered, however many there are', () => {
  const clock = new ManualClock()
  let said = 0
  const say = withoutRepeats(clock, () => said++)
  for (let i = 0; i < 1_000; i++) say(`message ${i % 40}`)
  expect(said).toBeGreaterThan(40)
})
