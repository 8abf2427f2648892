import type { Figure, Report } from '../figure.js'
import { grouped } from '../grouped.js'
import { tablesOf } from '../tables.js'
import { linePlot } from './line-plot.js'
import { ratioChart } from './ratio-chart.js'
import { svgOf } from './svg.js'

export interface Page {
  readonly markdown: string
  /** SVG by the name of its file. */
  readonly plots: ReadonlyMap<string, string>
}

/**
 * The page of these reports. In the template `<!-- suite NAME -->` is where what was measured of one suite goes, and
 * `<!-- other suites -->` where those go that have no such place. `folder`: where the page finds its plots.
 */
export async function pageOf(reports: readonly Report[], template: string, folder: string): Promise<Page> {
  const plots = new Map<string, string>()
  const sections = new Map<string, string>()
  for (const [suite, runs] of grouped(reports, ({ suite }) => suite)) sections.set(suite, await new Section(runs, folder, plots).render())
  const placed = new Set<string>()
  const filled = template.replace(/<!-- suite (\S+) -->/g, (_, suite: string) => {
    placed.add(suite)
    return sections.get(suite) ?? 'Not measured yet.'
  })
  const others = [...sections].filter(([suite]) => !placed.has(suite)).map(([suite, section]) => `## ${suite}\n\n${section}`)
  if (others.length > 0 && !filled.includes(OTHERS)) throw new Error(`the template has no place for other suites: ${OTHERS}`)
  const markdown = filled.replace(OTHERS, () => others.join('\n\n'))
  return { markdown: `${markdown.replace(/\n{3,}/g, '\n\n').trim()}\n`, plots }
}

const OTHERS = '<!-- other suites -->'

/** What was measured of one suite, by the version of Node that ran it. */
class Section {
  readonly #runs: readonly Report[]
  readonly #folder: string
  readonly #plots: Map<string, string>

  constructor(runs: readonly Report[], folder: string, plots: Map<string, string>) {
    this.#runs = runs
    this.#folder = folder
    this.#plots = plots
  }

  async render(): Promise<string> {
    const versions = grouped(this.#runs, nodeOf)
    const parts: string[] = []
    for (const [version, runs] of versions) {
      if (versions.size > 1) parts.push(`### ${version}`)
      for (const run of runs) parts.push(await this.#run(run))
    }
    return parts.join('\n\n')
  }

  async #run(run: Report): Promise<string> {
    const { machine, command, date, figures, ratios } = run
    const subjects = [...new Set(figures.map(({ by }) => by))]
    const parts = [`\`${command}\`, begun ${date.slice(0, 16).replace('T', ' ')} UTC, on`, machine.map((line) => `- ${line}`).join('\n')]
    if (ratios.length > 0) {
      parts.push('#### Ratios and aims', tablesOf({ figures: [], ratios }))
      const chart = ratioChart(ratios)
      if (chart !== null) parts.push(await this.#plot(run, ['aims'], chart))
    }
    for (const [what, group] of grouped(figures, ({ what }) => what)) {
      parts.push(`#### ${what}`, tablesOf({ figures: group, ratios: [] }))
      const images: string[] = []
      for (const plotted of [...grouped(group, ({ at, x }) => JSON.stringify([at, x?.name])).values()].filter(isPlotted)) {
        const [first] = plotted
        images.push(await this.#plot(run, [what, first?.at ?? '', first?.x?.name ?? ''], linePlot(plotted, subjects)))
      }
      // On one line, so that they stand side by side where the page is wide enough.
      if (images.length > 0) parts.push(images.join(' '))
    }
    return parts.join('\n\n')
  }

  async #plot(run: Report, titles: readonly string[], spec: Parameters<typeof svgOf>[0]): Promise<string> {
    const file = this.#nameOf([run.suite, majorOf(nodeOf(run)), ...titles])
    this.#plots.set(file, await svgOf(spec))
    return `![${spec.description}](${this.#folder}/${file})`
  }

  /** Of letters and digits that every file system and every link takes; the same plot has the same name in the next report. */
  #nameOf(words: readonly string[]): string {
    const name = words
      .map((word) => word.replaceAll('%', ' percent ').replaceAll('µ', 'u'))
      .join(' ')
      .toLowerCase()
    const stem = name.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')
    let file = `${stem}.svg`
    for (let copy = 2; this.#plots.has(file); copy++) file = `${stem}-${copy}.svg`
    return file
  }
}

/** A plot of one point says no more than its table. */
function isPlotted(figures: readonly Figure[]): boolean {
  return new Set(figures.flatMap(({ x }) => x?.value ?? [])).size > 1
}

/** As 'Node 20.20.0'. */
function nodeOf({ machine }: Report): string {
  return machine.map((line) => /^Node \d+\.\d+\.\d+/.exec(line)?.[0]).find((version) => version !== undefined) ?? 'Node of unknown version'
}

function majorOf(version: string): string {
  return version.replace(/\..*/, '')
}
