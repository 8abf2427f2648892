import { expect, test } from 'vitest'
import { report } from '../src/figure.js'
import { Recorder } from '../src/recorder.js'

const EMPTY = { suite: 'cluster', command: 'pnpm bench cluster', date: '2026-11-23T21:52:26.038Z', machine: ['Node 20.20.2'] }

test('what a recorder holds is a report again when it comes back from JSON', () => {
  const recorder = new Recorder()
  recorder.add({ what: 'writes/s', at: '128 B', by: 'raft', x: { name: 'outstanding', value: 4 } }, 20)
  recorder.add({ what: 'writes/s', at: '128 B', by: 'raft' }, 30)
  recorder.compare('writes/s', '128 B', 'raft', 'raft')
  recorder.expect('writes/s', '128 B', 'raft', { atLeast: 10 })
  const written = { ...EMPTY, figures: recorder.figures, ratios: recorder.ratios }
  expect(report.parse(JSON.parse(JSON.stringify(written)))).toEqual(written)
})

test('a figure without rounds is none', () => {
  const figure = { what: 'writes/s', at: '128 B', by: 'raft', x: null, rounds: [] }
  expect(report.safeParse({ ...EMPTY, figures: [figure], ratios: [] }).success).toBe(false)
  expect(report.safeParse({ ...EMPTY, figures: [{ ...figure, rounds: [1] }], ratios: [] }).success).toBe(true)
})
