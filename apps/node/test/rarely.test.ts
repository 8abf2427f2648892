import { expect, test } from 'vitest'
import { rarely } from '../src/rarely.js'
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

test('the same key is said once a minute, and another at once', () => {
  const clock = new ManualClock()
  const said: string[] = []
  const happened = rarely<string>(clock, (times, message) => said.push(`${message}: ${times}`))
  for (let i = 0; i < 70; i++) {
    happened('n1', 'n1')
    if (i > 2) happened('n2', 'n2')
    clock.advance(1_000)
  }
  expect(said).toEqual(['n1: 1', 'n2: 1', 'n1: 60', 'n2: 60'])
})

test('somebody who invents keys gets a line for each of few, and one for all others together', () => {
  const clock = new ManualClock()
  const said: string[] = []
  const happened = rarely<string>(clock, (times, message) => said.push(`${message}: ${times}`))
  for (let i = 0; i < 1_000; i++) happened(`x${i}`, `x${i}`)
  expect([said.length, said.at(-1)]).toEqual([33, 'x32: 1'])
  clock.advance(60_000)
  happened('n1', 'n1')
  expect([said.length, said.at(-1)]).toEqual([34, 'n1: 1'])
})
