import { expect, test } from 'vitest'
import { Recorder } from '../src/recorder.js'

const WRITES = { what: 'writes/s', at: '128 B' }

function recorded(by: string, ...values: number[]): (recorder: Recorder) => void {
  return (recorder) => {
    for (const value of values) recorder.add({ ...WRITES, by }, value)
  }
}

function recorderWith(...parts: ((recorder: Recorder) => void)[]): Recorder {
  const recorder = new Recorder()
  for (const part of parts) part(recorder)
  return recorder
}

test('rounds of the same figure pile up in their order', () => {
  const recorder = recorderWith(recorded('raft', 3, 1), recorded('etcd', 5), recorded('raft', 2))
  expect(recorder.figures).toEqual([
    { ...WRITES, by: 'raft', x: null, rounds: [3, 1, 2] },
    { ...WRITES, by: 'etcd', x: null, rounds: [5] },
  ])
})

test('figures that differ in nothing but their x are figures of their own', () => {
  const recorder = new Recorder()
  for (const value of [1, 4]) recorder.add({ ...WRITES, by: 'raft', x: { name: 'outstanding', value } }, value)
  expect(recorder.figures.map(({ x, rounds }) => [x?.value, rounds])).toEqual([
    [1, [1]],
    [4, [4]],
  ])
})

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%d is refused, and not recorded', (value) => {
  const recorder = new Recorder()
  expect(() => recorder.add({ ...WRITES, by: 'raft' }, value)).toThrow(`writes/s of raft (128 B) is ${value}`)
  expect(recorder.figures).toEqual([])
})

test('figures are compared round by round, and a round that one of them lacks is left out', () => {
  const recorder = recorderWith(recorded('raft', 30, 20, 50), recorded('etcd', 10, 5))
  recorder.compare(WRITES.what, WRITES.at, 'raft', 'etcd', { atLeast: 3 })
  expect(recorder.ratios).toEqual([{ ...WRITES, of: 'raft', to: 'etcd', rounds: [3, 4], aim: { atLeast: 3 } }])
})

test('a round in which the other did nothing has no ratio', () => {
  const recorder = recorderWith(recorded('raft', 30, 20), recorded('etcd', 0, 5))
  recorder.compare(WRITES.what, WRITES.at, 'raft', 'etcd')
  expect(recorder.ratios.map(({ rounds }) => rounds)).toEqual([[4]])
})

test('of several others the best counts, by its median', () => {
  const recorder = recorderWith(recorded('raft', 60, 60, 60), recorded('etcd', 100, 1, 1), recorded('etcd, by wrk', 20, 30, 20))
  recorder.compare(WRITES.what, WRITES.at, 'raft', ['etcd', 'etcd, by wrk', 'etcd, by none'])
  expect(recorder.ratios).toMatchObject([{ to: 'etcd, by wrk', rounds: [3, 2, 3] }])
})

test('what was not measured is not compared, nor held against an aim', () => {
  const recorder = recorderWith(recorded('raft', 1))
  recorder.compare(WRITES.what, WRITES.at, 'raft', 'etcd')
  recorder.compare(WRITES.what, WRITES.at, 'etcd', 'raft')
  recorder.compare(WRITES.what, '1024 B', 'raft', 'raft')
  recorder.expect('elections', WRITES.at, 'raft', { atMost: 0 })
  expect(recorder.ratios).toEqual([])
})

test('a figure with an x is not taken for the one without', () => {
  const recorder = new Recorder()
  recorder.add({ ...WRITES, by: 'raft', x: { name: 'members', value: 7 } }, 1)
  recorder.expect(WRITES.what, WRITES.at, 'raft', { atLeast: 10 })
  recorder.add({ ...WRITES, by: 'raft' }, 20)
  recorder.expect(WRITES.what, WRITES.at, 'raft', { atLeast: 10 })
  expect(recorder.ratios.map(({ rounds }) => rounds)).toEqual([[20]])
})

test('a figure is held against its aim as it was then, whatever is measured later', () => {
  const recorder = recorderWith(recorded('raft', 1))
  recorder.expect(WRITES.what, WRITES.at, 'raft', { atMost: 2 })
  recorded('raft', 9)(recorder)
  expect(recorder.ratios).toEqual([{ ...WRITES, of: 'raft', to: null, rounds: [1], aim: { atMost: 2 } }])
})
