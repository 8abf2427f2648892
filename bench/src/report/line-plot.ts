import type { Spec } from 'vega'
import type { Figure } from '../figure.js'
import { median, rounded } from '../statistics.js'
import { heading, look } from './svg.js'
import { type Axis, axisOf, axisOfConditions } from './ticks.js'

/** Okabe and Ito's, which are told apart by the colour-blind too; with each a shape, for print. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9']
const SHAPES = ['circle', 'square', 'triangle-up', 'diamond', 'triangle-down', 'cross']

const SIZE = { width: 430, left: 62, right: 32, plotHeight: 190, top: 60, bottom: 46, legendRow: 17 }

/** A line for each who was measured: points at the median, with a bar from the least to the most. */
export function linePlot(figures: readonly Figure[], subjects: readonly string[]): Spec {
  const points = figures.flatMap(({ by, x, rounds }) =>
    x === null ? [] : [{ by, x: x.value, middle: median(rounds), least: Math.min(...rounds), most: Math.max(...rounds) }],
  )
  const [first] = figures
  const shown = subjects.filter((subject) => points.some(({ by }) => by === subject))
  const width = SIZE.width - SIZE.left - SIZE.right
  const legend = shown.length * SIZE.legendRow
  const top = SIZE.top + legend
  return {
    ...look,
    description: `${first?.what}, ${first?.at}, by ${first?.x?.name}`,
    width,
    height: SIZE.plotHeight,
    padding: { left: SIZE.left, right: SIZE.right, top, bottom: SIZE.bottom },
    data: [
      { name: 'points', values: points.sort((a, b) => a.x - b.x) },
      { name: 'legend', values: shown.map((by, row) => ({ by, y: (row - shown.length) * SIZE.legendRow })) },
    ],
    scales: [
      scale('x', 'width', axisOfConditions(points.map(({ x }) => x))),
      scale('y', 'height', axisOf(points.flatMap(({ least, most }) => [least, most]))),
      { name: 'colour', type: 'ordinal', domain: [...subjects], range: COLOURS },
      { name: 'shape', type: 'ordinal', domain: [...subjects], range: SHAPES },
    ],
    axes: [
      labelled('x', 'bottom', axisOfConditions(points.map(({ x }) => x)), first?.x?.name ?? ''),
      labelled('y', 'left', axisOf(points.flatMap(({ least, most }) => [least, most]))),
    ],
    marks: [
      ...heading(first?.what ?? '', first?.at ?? '', { left: SIZE.left, top }),
      ...legendMarks(),
      {
        type: 'group',
        from: { facet: { name: 'series', data: 'points', groupby: 'by' } },
        marks: [
          {
            type: 'rule',
            from: { data: 'series' },
            encode: {
              enter: {
                x: { scale: 'x', field: 'x' },
                y: { scale: 'y', field: 'least' },
                y2: { scale: 'y', field: 'most' },
                stroke: { scale: 'colour', field: 'by' },
                strokeWidth: { value: 4 },
                opacity: { value: 0.35 },
              },
            },
          },
          {
            type: 'line',
            from: { data: 'series' },
            encode: {
              enter: {
                x: { scale: 'x', field: 'x' },
                y: { scale: 'y', field: 'middle' },
                stroke: { scale: 'colour', field: 'by' },
                strokeWidth: { value: 2 },
              },
            },
          },
          {
            type: 'symbol',
            from: { data: 'series' },
            encode: { enter: { x: { scale: 'x', field: 'x' }, y: { scale: 'y', field: 'middle' }, ...symbol } },
          },
        ],
      },
    ],
  }
}

const symbol = {
  fill: { scale: 'colour', field: 'by' },
  shape: { scale: 'shape', field: 'by' },
  size: { value: 45 },
} as const

/** A row for each line, between the title and the plot. */
function legendMarks(): NonNullable<Spec['marks']> {
  return [
    { type: 'symbol', from: { data: 'legend' }, encode: { enter: { x: { value: 6 }, y: { field: 'y' }, ...symbol } } },
    {
      type: 'text',
      from: { data: 'legend' },
      encode: { enter: { x: { value: 16 }, y: { field: 'y' }, text: { field: 'by' }, baseline: { value: 'middle' } } },
    },
  ]
}

function scale(name: string, range: 'width' | 'height', { type, domain }: Axis): NonNullable<Spec['scales']>[number] {
  return { name, type, domain: [...domain], range, zero: false, nice: false }
}

function labelled(scaleName: string, orient: 'left' | 'bottom', { ticks }: Axis, title?: string): NonNullable<Spec['axes']>[number] {
  const labels = Object.fromEntries(ticks.map((tick) => [tick, rounded(tick)]))
  return {
    scale: scaleName,
    orient,
    grid: true,
    values: [...ticks],
    labelOverlap: false,
    ...(title === undefined ? {} : { title, titlePadding: 6 }),
    encode: { labels: { update: { text: { signal: `(${JSON.stringify(labels)})[datum.value]` } } } },
  }
}
