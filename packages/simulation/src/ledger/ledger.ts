/** One stack, simulated for long at one commit. */
export interface LedgerRow {
  /** Of the day on which it ran, as `2026-11-30`. */
  readonly date: string
  /** Of the source. Null where it was not written down. */
  readonly commit: string | null
  /** Name of the stack; `all` for a sum over all stacks. */
  readonly stack: string
  /** The seeds that were simulated: from this one on, and up to this one where it is known. */
  readonly from: number
  readonly to: number | null
  /** What all seeds had: characters, and how many times as long they were. */
  readonly shape?: string
  readonly events: number
  readonly clusters: number | null
  /** Simulated hours. */
  readonly hours: number | null
  /** Seeds that broke a promise. */
  readonly violations: readonly number[]
}

/** Seeds below belong to tests, to variants and to whoever looks for something. */
const FIRST_SEED = 10_000_000

/** The first seed that no run of the ledger has simulated on this stack. */
export function nextSeed(rows: readonly LedgerRow[], stack: string): number {
  const ends = rows.flatMap((row) => (row.stack === stack && row.to !== null ? [row.to + 1] : []))
  return Math.max(FIRST_SEED, ...ends)
}

const BEGIN = '<!-- ledger -->'
const END = '<!-- end of ledger -->'

/** The document with the table of the ledger in it. @throws Error for a document without a place for it */
export function withLedger(document: string, rows: readonly LedgerRow[]): string {
  const begin = document.indexOf(BEGIN)
  const end = document.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`a document with ${BEGIN} and ${END} behind it is needed`)
  return `${document.slice(0, begin)}${BEGIN}\n\n${tableOf(rows)}\n\n${document.slice(end)}`
}

function tableOf(rows: readonly LedgerRow[]): string {
  const lines = rows.map((row) => {
    const seeds = `${row.from}${row.to === null ? ' on' : ` to ${row.to}`}${row.shape === undefined ? '' : `, ${row.shape}`}`
    const broken = row.violations.length === 0 ? 'none' : `seed ${row.violations.join(', ')}`
    const commit = row.commit ?? ''
    return `| ${row.date} | ${commit} | ${row.stack} | ${seeds} | ${grouped(row.events)} | ${grouped(row.clusters)} | ${hoursOf(row.hours)} | ${broken} |`
  })
  const sum = (of: (row: LedgerRow) => number | null) => rows.reduce((total, row) => total + (of(row) ?? 0), 0)
  const violations = rows.reduce((total, row) => total + row.violations.length, 0)
  return [
    '| date | commit | stack | seeds | events | clusters | simulated hours | violations |',
    '|---|---|---|---|--:|--:|--:|---|',
    ...lines,
    `| **all** | | | | **${grouped(sum((row) => row.events))}** | **${grouped(sum((row) => row.clusters))}** | **${hoursOf(sum((row) => row.hours))}** | **${violations}** |`,
  ].join('\n')
}

function grouped(value: number | null): string {
  return value === null ? '' : String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}

function hoursOf(hours: number | null): string {
  return hours === null ? '' : hours.toFixed(2)
}
