import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Call } from '../src/call.js'
import { CallsById } from '../src/calls-by-id.js'

const callOf = (sequence: number) => ({ sequence }) as Call
const id = fc.oneof(fc.nat(20), fc.constantFrom(0xffff_ffff, 0xffff_ffc0))
const step = fc.record({ kind: fc.constantFrom('add', 'add', 'delete'), id })

test('does what a map does, whatever ids come and go', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const calls = new CallsById(8)
      const model = new Map<number, Call>()
      steps.forEach(({ kind, id }, i) => {
        if (kind === 'delete') {
          calls.delete(id)
          model.delete(id)
        } else if (!model.has(id)) {
          calls.add(id, callOf(i))
          model.set(id, calls.get(id) as Call)
        }
        expect(calls.size).toBe(model.size)
        for (const [each, call] of model) expect(calls.get(each)).toBe(call)
        if (!model.has(id)) expect(calls.get(id)).toBeUndefined()
      })
      expect(new Set(calls.values())).toEqual(new Set(model.values()))
      expect(calls.takeAll()).toEqual([...model.values()].sort((a, b) => a.sequence - b.sequence))
      expect([calls.size, [...calls.values()]]).toEqual([0, []])
    }),
    { numRuns: 300 },
  )
})

test('a call that takes long outlasts thousands that do not', () => {
  const calls = new CallsById(8)
  const slow = callOf(1)
  calls.add(1, slow)
  for (let id = 2; id < 1000; id++) {
    calls.add(id, callOf(id))
    calls.delete(id)
    expect(calls.get(1)).toBe(slow)
  }
  expect(calls.takeAll()).toEqual([slow])
})
