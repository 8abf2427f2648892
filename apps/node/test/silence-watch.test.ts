import { expect, test } from 'vitest'
import { SilenceWatch } from '../src/routing/silence-watch.js'
import { ManualClock } from './port.js'

function setUp() {
  const clock = new ManualClock()
  const told: string[] = []
  const watch = new SilenceWatch({ clock, timeout: 400, probe: () => told.push('probe'), giveUp: () => told.push('give up') })
  const pass = (milliseconds: number) => {
    for (let at = 0; at < milliseconds; at += 10) clock.advance(10)
  }
  return { clock, watch, told, pass }
}

test('silence is asked about once, and given up after the whole time', () => {
  const { watch, told, pass } = setUp()
  watch.asked()
  pass(200)
  expect(told).toEqual(['probe'])
  pass(200)
  expect(told).toEqual(['probe'])
  pass(1000)
  expect(told).toEqual(['probe', 'give up'])
})

test('where nothing is owed, silence is nothing', () => {
  const { watch, told, pass } = setUp()
  watch.asked()
  watch.answered()
  pass(5000)
  watch.asked()
  pass(90)
  watch.answered()
  pass(5000)
  expect(told).toEqual([])
})

test('whatever comes is a sign of life', () => {
  const { watch, told, pass } = setUp()
  watch.asked()
  for (let i = 0; i < 50; i++) {
    pass(90)
    watch.heard()
  }
  expect(told).toEqual([])
})

test('a process that was held up itself hears first what has come meanwhile', () => {
  const { clock, watch, told } = setUp()
  watch.asked()
  // The timer of the first look is late by minutes, and runs before what the sockets have.
  clock.advance(600_000)
  watch.heard()
  expect(told).toEqual([])
})

test('one that is closed says nothing more', () => {
  const { watch, told, pass } = setUp()
  watch.asked()
  watch.close()
  pass(5000)
  expect(told).toEqual([])
})
