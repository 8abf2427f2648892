import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { report } from '../src/figure.js'
import { isReached, tablesOf } from '../src/tables.js'

const [recorded] = z.array(report).parse(JSON.parse(readFileSync(new URL('./report/cluster.json', import.meta.url), 'utf8')))

test('what was recorded is told in a table for each thing measured, and one of ratios', () => {
  expect(recorded === undefined ? '' : tablesOf(recorded)).toMatchInlineSnapshot(`
    "| writes/s                 |                      raft |                   etcd |
    | :----------------------- | ------------------------: | ---------------------: |
    | 128 B, 1 outstanding     |          284 (259 to 305) |       377 (367 to 394) |
    | 128 B, 64 outstanding    |  12,085 (8,410 to 13,869) |   1,029 (854 to 1,053) |
    | 128 B, 4,096 outstanding | 67,996 (66,473 to 86,454) | 1,994 (1,896 to 2,178) |
    | 128 B, a single client   |          386 (374 to 441) |       332 (323 to 387) |

    | p99 latency, ms                |                raft |                   etcd |
    | :----------------------------- | ------------------: | ---------------------: |
    | 128 B, 1 outstanding           | 16.1 (9.38 to 19.8) |      18.5 (12 to 29.7) |
    | 128 B, 64 outstanding          | 18.4 (14.9 to 30.2) |       167 (124 to 202) |
    | 128 B, 4,096 outstanding       |   116 (65.7 to 133) | 4,649 (4,235 to 5,022) |
    | 128 B, a single client         | 13.1 (10.1 to 17.8) |    16.3 (11.1 to 45.9) |
    | 128 B, at the top rate of etcd | 8.84 (7.45 to 21.5) |       328 (235 to 594) |

    | ratio                           | at                             |                  measured |         aim |         |
    | :------------------------------ | :----------------------------- | ------------------------: | ----------: | :------ |
    | median latency, ms: raft / etcd | 128 B, a single client         |     0.985 (0.896 to 1.27) | at most 0.5 | missed  |
    | p99 latency, ms: raft / etcd    | 128 B, at the top rate of etcd | 0.0361 (0.0227 to 0.0377) | at most 0.2 | reached |"
  `)
})

test('an aim with both ends is told with both, and none is told with nothing', () => {
  const ratio = { what: 'cost', at: '', of: 'raft', to: null, rounds: [1] }
  const rows = tablesOf({
    figures: [],
    ratios: [
      { ...ratio, aim: { atLeast: 0.5, atMost: 2 } },
      { ...ratio, aim: null },
    ],
  }).split('\n')
  expect(rows.slice(2).map((row) => row.split('|').map((cell) => cell.trim()))).toEqual([
    ['', 'cost: raft', '', '1', 'at least 0.5, at most 2', 'reached', ''],
    ['', 'cost: raft', '', '1', '', '', ''],
  ])
})

test('an aim is reached by the median, and by the very value of the aim', () => {
  expect(isReached({ rounds: [1, 20, 30], aim: { atLeast: 20 } })).toBe(true)
  expect(isReached({ rounds: [1, 19, 30], aim: { atLeast: 20 } })).toBe(false)
  expect(isReached({ rounds: [0, 0, 5], aim: { atMost: 0 } })).toBe(true)
  expect(isReached({ rounds: [0, 1, 5], aim: { atMost: 0 } })).toBe(false)
})
