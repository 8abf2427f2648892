import type { Clock } from '@raft/core'
import { describe, expect, test } from 'vitest'
import { clockSuite } from '../src/index.js'
import { failures } from './support/collect.js'

/** A sound clock of one timer a callback, each of which looks again where it came early. */
const sound: Clock = {
  now: () => performance.now(),
  schedule(time, callback) {
    let timer: ReturnType<typeof setTimeout>
    const wait = () => {
      const left = time - performance.now()
      timer = setTimeout(() => (left > 1e9 ? wait() : callback()), Math.min(1e9, Math.max(0, Math.ceil(left))))
    }
    wait()
    return () => clearTimeout(timer)
  },
  defer: (callback) => void setImmediate(callback),
}

const suiteOf = (clock: Clock) => failures((declare) => clockSuite({ test: declare, make: () => clock, timeout: 500 }))

const variants: Record<string, { caughtBy: string; breaking: Partial<Clock> }> = {
  'counts seconds': {
    caughtBy: 'time is in milliseconds',
    breaking: { now: () => performance.now() / 1000, schedule: (time, callback) => sound.schedule(time * 1000, callback) },
  },
  'counts microseconds': {
    caughtBy: 'time is in milliseconds',
    breaking: { now: () => performance.now() * 1000, schedule: (time, callback) => sound.schedule(time / 1000, callback) },
  },
  'goes back': {
    caughtBy: 'time does not go back',
    breaking: { now: () => performance.now() - Math.random() * 20 },
  },
  'takes a time for a delay': {
    caughtBy: 'at its time or later',
    breaking: { schedule: (_, callback) => sound.schedule(performance.now(), callback) },
  },
  'calls what is weeks away at once': {
    caughtBy: 'a time that is weeks away',
    breaking: {
      schedule: (time, callback) => sound.schedule(time - performance.now() > 2 ** 29 ? performance.now() + 1 : time, callback),
    },
  },
  'calls what is due from inside schedule': {
    caughtBy: 'never from inside schedule or defer',
    breaking: {
      schedule: (time, callback) => {
        if (time > performance.now()) return sound.schedule(time, callback)
        callback()
        return () => {}
      },
    },
  },
  'defers nothing': { caughtBy: 'never from inside schedule or defer', breaking: { defer: (callback) => callback() } },
  'calls twice': {
    caughtBy: 'a callback is called once',
    breaking: {
      schedule: (time, callback) => {
        sound.schedule(time + 5, callback)
        return sound.schedule(time, callback)
      },
    },
  },
  'cannot call off': {
    caughtBy: 'a callback that was called off',
    breaking: {
      schedule: (time, callback) => {
        sound.schedule(time, callback)
        return () => {}
      },
    },
  },
  'takes all that is due before it calls any': {
    caughtBy: 'call off another of the same time',
    breaking: {
      schedule: (
        (due = new Map<number, (() => void)[]>()) =>
        (time: number, callback: () => void) => {
          const called = due.get(time) ?? []
          if (called.length === 0) {
            due.set(time, called)
            sound.schedule(time, () => {
              for (const each of [...called]) each()
            })
          }
          called.push(callback)
          return () => {
            const at = called.indexOf(callback)
            if (at >= 0) called.splice(at, 1)
          }
        }
      )(),
    },
  },
}

test('a sound clock passes', async () => {
  expect(await suiteOf(sound)).toEqual([])
})

describe('the suite catches a clock that', () => {
  for (const [name, { caughtBy, breaking }] of Object.entries(variants))
    test(name, async () => {
      expect((await suiteOf({ ...sound, ...breaking })).filter((failed) => failed.includes(caughtBy))).toHaveLength(1)
    })
})
