import { markdownTable } from 'markdown-table'
import type { Aim, Figure, Ratio, Report } from './figure.js'
import { grouped } from './grouped.js'
import { median, rounded, spread } from './statistics.js'

/** What was measured, as tables for people: Markdown, which reads well on a terminal too. */
export function tablesOf({ figures, ratios }: Pick<Report, 'figures' | 'ratios'>): string {
  const tables = [...grouped(figures, ({ what }) => what)].map(([what, group]) => tableOfFigures(what, group))
  if (ratios.length > 0) tables.push(tableOfRatios(ratios))
  return tables.join('\n\n')
}

/** A row for each condition, a column for each who was measured. */
function tableOfFigures(what: string, figures: readonly Figure[]): string {
  const subjects = [...new Set(figures.map(({ by }) => by))]
  const rows = [...grouped(figures, ({ at, x }) => (x === null ? at : `${at}${at === '' ? '' : ', '}${rounded(x.value)} ${x.name}`))]
  return markdownTable(
    [
      [what, ...subjects],
      ...rows.map(([at, group]) => [
        at,
        ...subjects.map((subject) => {
          const found = group.find(({ by }) => by === subject)
          return found === undefined ? '' : spread(found.rounds)
        }),
      ]),
    ],
    { align: ['l', ...subjects.map(() => 'r')] },
  )
}

function tableOfRatios(ratios: readonly Ratio[]): string {
  return markdownTable(
    [
      ['ratio', 'at', 'measured', 'aim', ''],
      ...ratios.map(({ what, at, of, to, rounds, aim }) => [
        to === null ? `${what}: ${of}` : `${what}: ${of} / ${to}`,
        at,
        spread(rounds),
        aim === null ? '' : wordsOf(aim),
        aim === null ? '' : isReached({ rounds, aim }) ? 'reached' : 'missed',
      ]),
    ],
    { align: ['l', 'l', 'r', 'r', 'l'] },
  )
}

function wordsOf({ atLeast, atMost }: Aim): string {
  return [atLeast === undefined ? [] : `at least ${atLeast}`, atMost === undefined ? [] : `at most ${atMost}`].flat().join(', ')
}

/** Whether the median keeps to the aim. */
export function isReached({ rounds, aim }: Pick<Ratio, 'rounds' | 'aim'>): boolean {
  const middle = median(rounds)
  return middle >= (aim?.atLeast ?? Number.NEGATIVE_INFINITY) && middle <= (aim?.atMost ?? Number.POSITIVE_INFINITY)
}
