import type { FollowerStatus, RoleName } from '@raft/core'
import { expect, test } from 'vitest'
import { Watch } from '../src/watch.js'
import { ManualClock } from './port.js'

function setUp(role: RoleName = 'leader') {
  const clock = new ManualClock()
  const lines: string[] = []
  const details: object[] = []
  const say = (level: string) => (given: object, message: string) => {
    lines.push(`${level} ${message}`)
    details.push(given)
  }
  const status = { role, leaderId: 'n1' as string | null, lastLogIndex: 100, followers: [] as FollowerStatus[] }
  const watch = new Watch({
    clock,
    status: () => status,
    whyNoLeader: () => 'no leader is known: n2 is gone',
    logger: { info: say('info'), warn: say('warn') },
  })
  const follower = (matchIndex: number, heardAgo: number | null) => {
    status.followers = [
      { id: 'n2', matchIndex, nextIndex: matchIndex + 1, mode: 'replicate', lag: status.lastLogIndex - matchIndex, heardAgo },
    ]
  }
  /** Lets this number of seconds pass. */
  const pass = (seconds: number, each: (second: number) => void = () => {}) => {
    for (let i = 0; i < seconds; i++) {
      each(i)
      clock.advance(1000)
    }
  }
  /** The process is stopped for so long, and goes on. */
  const pause = (milliseconds: number) => clock.advance(milliseconds)
  return { lines, details, status, follower, pass, pause, watch }
}

test('a member that knows no leader for ten seconds says so and why, again after ten minutes, and when there is one', () => {
  const { lines, details, status, pass } = setUp('follower')
  status.leaderId = null
  pass(9)
  expect(lines).toEqual([])
  pass(590)
  expect(lines).toEqual(['warn no leader is known: n2 is gone'])
  pass(20)
  expect(lines).toHaveLength(2)
  status.leaderId = 'n2'
  pass(100)
  expect(lines.slice(2)).toEqual(['info a leader is known again'])
  expect(details[2]).toMatchObject({ leaderId: 'n2', leaderlessFor: 620 })
})

test('a leader that changes within seconds is not told', () => {
  const { lines, status, pass } = setUp('follower')
  pass(100, (second) => {
    status.leaderId = second % 8 === 0 ? 'n2' : null
  })
  expect(lines).toEqual([])
})

test('a follower that was gone and has everything again has caught up, which is told once', () => {
  const { lines, details, status, follower, pass } = setUp()
  follower(100, 10)
  pass(10)
  pass(30, (second) => {
    status.lastLogIndex += 10
    follower(100, second * 1000)
  })
  // It is back, and gets what it lacks.
  pass(3, (second) => follower(100 + second * 20, 10))
  expect(lines).toEqual([])
  follower(400, 10)
  pass(100)
  expect(lines).toEqual(['info n2 has caught up'])
  expect(details[0]).toMatchObject({ peer: 'n2', entries: 300, behindFor: expect.any(Number) })
})

test('so has one that missed nothing while it was gone', () => {
  const { lines, follower, pass } = setUp()
  pass(10, (second) => follower(100, second * 1000))
  follower(100, 10)
  pass(10)
  expect(lines).toEqual(['info n2 has caught up'])
})

test('so has one that has answered nothing since the leader leads, once it does', () => {
  const { lines, follower, pass } = setUp()
  follower(0, null)
  pass(10)
  follower(50, 10)
  pass(2)
  follower(100, 10)
  pass(10)
  expect(lines).toEqual(['info n2 has caught up'])
})

test('a follower that acknowledges under load is not behind, however far ahead the leader is', () => {
  const { lines, status, follower, pass } = setUp()
  pass(100, (second) => {
    status.lastLogIndex += 10_000
    follower(100 + second * 10_000, 10)
  })
  follower(status.lastLogIndex, 10)
  pass(10)
  expect(lines).toEqual([])
})

test('one that is gone and back again and again fills no log', () => {
  const { lines, follower, pass } = setUp()
  pass(3600, (second) => follower(100, second % 10 < 5 ? 10 : 5000))
  expect(lines.length).toBeGreaterThan(10)
  expect(lines.length).toBeLessThanOrEqual(10 + 60)
})

test('a watch that was stopped says nothing any more', () => {
  const { lines, status, pass, watch } = setUp('follower')
  status.leaderId = null
  watch.stop()
  pass(100)
  expect(lines).toEqual([])
})

test('a pause of the process itself is no time without a leader', () => {
  const { lines, status, pass, pause } = setUp('follower')
  pass(10)
  status.leaderId = null
  pause(15_000)
  pass(3)
  status.leaderId = 'n2'
  pass(10)
  expect(lines).toEqual([])
})

test('nor does it leave followers behind that answer as soon as they are heard', () => {
  const { lines, status, follower, pass, pause } = setUp()
  follower(90, 10)
  pass(1)
  follower(90, 15_000)
  pause(15_000)
  status.lastLogIndex += 10
  follower(110, 10)
  pass(10)
  expect(lines).toEqual([])
})
