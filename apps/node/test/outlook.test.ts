import { expect, test } from 'vitest'
import { whyNoLeader } from '../src/outlook.js'

const heard = { id: 'n3', address: '10.0.0.3:7001', heardAgo: 40, unansweredFor: null, trouble: null }

test('without a leader, the members that are not heard are named: where, since when and why', () => {
  const lost = { id: 'n1', address: '10.0.0.1:7001', heardAgo: 12_300, unansweredFor: 12_000, trouble: 'nobody listens there' }
  const never = { id: 'n2', address: '10.0.0.2:7001', heardAgo: null, unansweredFor: 5000, trouble: 'it does not answer' }
  expect(whyNoLeader([lost, never, heard])).toBe(
    'no leader is known: n1 at 10.0.0.1:7001 has not been heard for 12 s (nobody listens there); n2 at 10.0.0.2:7001 has not been heard yet (it does not answer)',
  )
})

test('one that has been asked a moment ago is not called missing', () => {
  const asked = { id: 'n2', address: '10.0.0.2:7001', heardAgo: null, unansweredFor: 300, trouble: 'it does not answer' }
  expect(whyNoLeader([asked, heard])).toBe('no leader is known: the members have yet to elect one')
})

test('of a transport that tells nothing, nothing is known', () => {
  expect(whyNoLeader([])).toBe('no leader is known: is a majority of the members running?')
})
