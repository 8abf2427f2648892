import { expect, test } from 'vitest'
import { decodeServerPreamble, encodeServerPreamble } from '../src/protocol/preamble.js'

const HIGH = '\ud800'

test('ids in the preamble are text, and a mark at their beginning belongs to them', () => {
  const identity = { memberId: '\ufeffn1', clusterId: 'c' }
  expect(decodeServerPreamble(encodeServerPreamble(1, identity, 1000))?.preamble).toMatchObject(identity)
  expect(() => encodeServerPreamble(1, { memberId: HIGH, clusterId: 'c' }, 1000)).toThrow(/surrogates/)
  const broken = encodeServerPreamble(1, { memberId: 'n1', clusterId: '?' }, 1000)
  broken[broken.lastIndexOf(0x3f)] = 0xff
  expect(() => decodeServerPreamble(broken)).toThrow(/not UTF-8/)
})
