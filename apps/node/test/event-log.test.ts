import type { NodeEvents, Transition } from '@raft/core'
import { expect, test } from 'vitest'
import { logEvents } from '../src/event-log.js'

function setUp() {
  const lines: string[] = []
  const say = (level: string) => (details: object) =>
    void lines.push(`${level} ${(details as Transition).role} ${(details as Transition).term}`)
  let happened: (transition: Transition) => void = () => {}
  const on = <Name extends keyof NodeEvents>(name: Name, listener: (event: NodeEvents[Name]) => void) => {
    if (name === 'transition') happened = listener as (transition: Transition) => void
    return () => {}
  }
  const logger = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
  logEvents({ on }, { leaderChanged: () => {} }, logger, { now: () => 0 })
  return { lines, happened: (role: Transition['role'], term: number, leaderId: string | null = null) => happened({ role, term, leaderId }) }
}

test('a member that asks again and again whether it would be elected says so once, and the rest to who looks for a fault', () => {
  const { lines, happened } = setUp()
  happened('follower', 1, 'n2')
  happened('follower', 1)
  for (let i = 0; i < 3; i++) happened('preCandidate', 1)
  expect(lines).toEqual(['info follower 1', 'info follower 1', 'info preCandidate 1', 'debug preCandidate 1', 'debug preCandidate 1'])
})

test('once a leader was known, the next pre-candidacy is of interest again', () => {
  const { lines, happened } = setUp()
  happened('preCandidate', 1)
  happened('preCandidate', 1)
  happened('follower', 2, 'n2')
  happened('preCandidate', 2)
  happened('candidate', 3)
  happened('leader', 3, 'n1')
  expect(lines.filter((line) => line.startsWith('info'))).toEqual([
    'info preCandidate 1',
    'info follower 2',
    'info preCandidate 2',
    'info candidate 3',
    'info leader 3',
  ])
})
