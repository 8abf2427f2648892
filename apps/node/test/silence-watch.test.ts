import { expect, test } from 'vitest'
import { SilenceWatch } from '../src/routing/silence-watch.js'
import { ManualClock } from './port.js'

const MIB = 1024 * 1024

function setUp() {
  const clock = new ManualClock()
  const told: string[] = []
  const way = { bytes: 0 }
  const watch = new SilenceWatch({
    clock,
    timeout: 400,
    waitingBytes: () => way.bytes,
    probe: () => told.push('probe'),
    giveUp: () => told.push('give up'),
  })
  const pass = (milliseconds: number) => {
    for (let at = 0; at < milliseconds; at += 10) clock.advance(10)
  }
  return { clock, watch, told, way, pass }
}

test('silence is asked about once, and given up after the whole time', () => {
  const { watch, told, pass } = setUp()
  watch.asked(10)
  pass(200)
  expect(told).toEqual(['probe'])
  pass(200)
  expect(told).toEqual(['probe'])
  pass(1000)
  expect(told).toEqual(['probe', 'give up'])
})

test('where nothing is owed, silence is nothing', () => {
  const { watch, told, pass } = setUp()
  watch.asked(10)
  watch.answered()
  pass(5000)
  watch.asked(10)
  pass(90)
  watch.answered()
  pass(5000)
  expect(told).toEqual([])
})

test('whatever comes is a sign of life', () => {
  const { watch, told, pass } = setUp()
  watch.asked(10)
  for (let i = 0; i < 50; i++) {
    pass(90)
    watch.heard()
  }
  expect(told).toEqual([])
})

test('a process that was held up itself hears first what has come meanwhile', () => {
  const { clock, watch, told } = setUp()
  watch.asked(10)
  // The timer of the first look is late by minutes, and runs before what the sockets have.
  clock.advance(600_000)
  watch.heard()
  expect(told).toEqual([])
})

test('one that is closed says nothing more', () => {
  const { watch, told, pass } = setUp()
  watch.asked(10)
  watch.close()
  pass(5000)
  expect(told).toEqual([])
})

test('a second more passes for each MiB that was sent since something was heard', () => {
  const { watch, told, pass } = setUp()
  watch.asked(8 * MIB)
  pass(8_000)
  expect(told).toEqual([])
  pass(300)
  expect(told).toEqual(['probe'])
  pass(50)
  expect(told).toEqual(['probe'])
  pass(200)
  expect(told).toEqual(['probe', 'give up'])
})

test('what was heard of is on its way no more, but for what still waits for room', () => {
  const { watch, told, way, pass } = setUp()
  watch.asked(8 * MIB)
  way.bytes = 2 * MIB
  pass(1_000)
  watch.heard()
  pass(2_000)
  expect(told).toEqual([])
  way.bytes = 0
  pass(400)
  expect(told).toContain('give up')
})

test('in a hurry silence is asked about at once, and given up after the shorter time, until nothing is owed any more', () => {
  const { watch, told, pass } = setUp()
  watch.asked(10)
  pass(50)
  watch.hurry(80)
  expect(told).toEqual(['probe'])
  pass(70)
  watch.heard()
  pass(60)
  expect(told).toEqual(['probe', 'probe'])
  watch.heard()
  watch.answered()
  pass(1000)
  watch.asked(10)
  pass(300)
  expect(told).toEqual(['probe', 'probe', 'probe'])
  watch.hurry(80)
  pass(120)
  expect(told).toEqual(['probe', 'probe', 'probe', 'probe', 'give up'])
})

test('a hurry that is called off gives the whole time again, though something is still owed', () => {
  const { watch, told, pass } = setUp()
  watch.asked(10)
  watch.hurry(80)
  pass(60)
  watch.calm()
  pass(390)
  expect(told).toEqual(['probe'])
  pass(200)
  expect(told).toEqual(['probe', 'give up'])
})

test('in a hurry a slow path gets a quarter of a second more, however much is on its way', () => {
  const { watch, told, pass } = setUp()
  watch.asked(16 * MIB)
  watch.hurry(80)
  pass(300)
  expect(told).toEqual(['probe'])
  pass(100)
  expect(told).toEqual(['probe', 'give up'])
})
