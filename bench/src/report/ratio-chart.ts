import type { Spec } from 'vega'
import type { Ratio } from '../figure.js'
import { median, rounded } from '../statistics.js'
import { isReached } from '../tables.js'
import { heading, look } from './svg.js'
import { logarithmic } from './ticks.js'

const SIZE = { width: 880, left: 400, right: 130, row: 34, top: 56, bottom: 34 }
const REACHED = '#0072b2'
const MISSED = '#d55e00'

/** A bar for each ratio that has an aim: how many times better than the aim it is, so that to the right of 1 is always reached. */
export function ratioChart(ratios: readonly Ratio[]): Spec | null {
  const rows = ratios.flatMap((ratio) => rowOf(ratio) ?? [])
  if (rows.length === 0) return null
  const ends = [0.5, 2, ...rows.flatMap(({ least, most }) => [least, most])]
  const { domain, ticks } = logarithmic(Math.min(...ends), Math.max(...ends))
  const labels = Object.fromEntries(ticks.map((tick) => [tick, tick === 1 ? 'aim' : `${rounded(tick)} x`]))
  const centre = { scale: 'row', field: 'row', band: 0.5 }
  return {
    ...look,
    description: 'What was measured, against its aim',
    width: SIZE.width - SIZE.left - SIZE.right,
    height: rows.length * SIZE.row,
    padding: { left: SIZE.left, right: SIZE.right, top: SIZE.top, bottom: SIZE.bottom },
    data: [{ name: 'rows', values: rows.map((row, index) => ({ ...row, row: index })) }],
    scales: [
      { name: 'x', type: 'log', domain: [...domain], range: 'width', zero: false, nice: false },
      { name: 'row', type: 'band', domain: rows.map((_, index) => index), range: 'height', padding: 0.25 },
    ],
    axes: [
      {
        scale: 'x',
        orient: 'bottom',
        grid: true,
        domain: false,
        values: [...ticks],
        labelOverlap: false,
        encode: { labels: { update: { text: { signal: `(${JSON.stringify(labels)})[datum.value]` } } } },
      },
    ],
    marks: [
      ...heading('How many times better than its aim', 'the median, and a line from the least to the most', SIZE),
      {
        type: 'rect',
        from: { data: 'rows' },
        encode: {
          enter: {
            x: { scale: 'x', value: 1 },
            x2: { scale: 'x', field: 'middle' },
            y: { scale: 'row', field: 'row' },
            height: { scale: 'row', band: 1 },
            fill: { field: 'colour' },
          },
        },
      },
      {
        type: 'rule',
        from: { data: 'rows' },
        encode: {
          enter: {
            x: { scale: 'x', field: 'least' },
            x2: { scale: 'x', field: 'most' },
            y: centre,
            stroke: { value: '#24292f' },
            strokeWidth: { value: 1.5 },
          },
        },
      },
      {
        type: 'rule',
        encode: {
          enter: { x: { scale: 'x', value: 1 }, y: { value: 0 }, y2: { signal: 'height' }, stroke: { value: '#24292f' } },
        },
      },
      {
        type: 'text',
        from: { data: 'rows' },
        encode: {
          enter: { x: { value: 12 - SIZE.left }, y: { ...centre, offset: -6 }, text: { field: 'what' }, baseline: { value: 'middle' } },
        },
      },
      {
        type: 'text',
        from: { data: 'rows' },
        encode: {
          enter: {
            x: { value: 12 - SIZE.left },
            y: { ...centre, offset: 7 },
            text: { field: 'at' },
            baseline: { value: 'middle' },
            fill: { value: '#57606a' },
          },
        },
      },
      {
        type: 'text',
        from: { data: 'rows' },
        encode: {
          enter: { x: { signal: 'width', offset: 12 }, y: centre, text: { field: 'measured' }, baseline: { value: 'middle' } },
        },
      },
    ],
  }
}

/** Null where there is no aim, or no factor tells how far off it is. */
function rowOf(ratio: Ratio) {
  const { what, at, of, to, rounds, aim } = ratio
  const { atLeast, atMost } = aim ?? {}
  const better = rounds.map((value) => (atLeast === undefined ? (atMost ?? 0) / value : value / atLeast))
  if (better.some((value) => !(value > 0 && value < Number.POSITIVE_INFINITY))) return null
  return {
    what: to === null ? `${what}: ${of}` : `${what}: ${of} / ${to}`,
    at,
    middle: atLeast === undefined ? (atMost ?? 0) / median(rounds) : median(rounds) / atLeast,
    least: Math.min(...better),
    most: Math.max(...better),
    measured: `${rounded(median(rounds))}, aim ${atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`}`,
    colour: isReached(ratio) ? REACHED : MISSED,
  }
}
