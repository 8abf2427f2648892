import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { clusterSuite, groupNames } from './cluster/suite.js'
import type { Report } from './figure.js'
import { describeMachine } from './machine.js'
import { Recorder } from './recorder.js'
import type { Suite } from './suite.js'
import { suites } from './suites.js'
import { tablesOf } from './tables.js'

interface Given {
  readonly rounds: number
  readonly seconds: number
  readonly dir: string
  readonly json?: string
}

interface ClusterGiven extends Given {
  readonly against?: string
  readonly only?: readonly string[]
}

/** From the sources as from the build, which are both one folder down. */
const TEMPLATE = new URL('../src/report/performance.template.md', import.meta.url)

const program = new Command('bench').description('Measures the packages of this repository, and says what it measured.')

for (const suite of suites)
  withOptions(program.command(suite.name).description(suite.description)).action((given: Given) => measure([suite], given))
withOptions(program.command('cluster').description(clusterSuite({ against: null, only: null }).description))
  .option('--against <what>', 'measure beside it: etcd, or the path of another built checkout of this repository')
  .addOption(new Option('--only <groups...>', 'only these groups of measurements').choices(groupNames))
  .action(({ against, only, ...given }: ClusterGiven) => measure([clusterSuite({ against: against ?? null, only: only ?? null })], given))
withOptions(program.command('all').description('All of them, one after the other')).action((given: Given) =>
  measure([...suites, clusterSuite({ against: null, only: null })], given),
)
program
  .command('report')
  .description('Makes the page of what was measured')
  .argument('<files...>', 'what --json wrote')
  .option('--out <file>', 'the page; its plots go into a folder beside it', 'docs/performance.md')
  .action(makePage)

await program.parseAsync()

function withOptions(command: Command): Command {
  return command
    .option('--rounds <n>', 'measure everything so often; the median counts', atLeastOne, 5)
    .option('--seconds <n>', 'how long one measurement lasts', positive, 2)
    .option('--dir <directory>', 'where data is written: this disk is measured', tmpdir())
    .option('--json <file>', 'write what was measured to this file too')
}

async function measure(chosen: readonly Suite[], { rounds, seconds, dir, json }: Given): Promise<void> {
  const reports: Report[] = []
  for (const suite of chosen) {
    mkdirSync(dir, { recursive: true })
    const directory = mkdtempSync(join(dir, 'raft-bench-'))
    const recorder = new Recorder()
    const date = new Date().toISOString()
    try {
      await suite.run(recorder, { rounds, duration: seconds * 1000, directory, say: (line) => process.stderr.write(`${line}\n`) })
    } finally {
      // Also when it has failed, and after each, so that one that fails takes nothing of what was measured with it.
      const machine = describeMachine(directory, suite.versions, suite.programs)
      const command = `pnpm bench ${process.argv.slice(2).join(' ')}`
      const report = { suite: suite.name, command, date, machine, figures: recorder.figures, ratios: recorder.ratios }
      reports.push(report)
      if (json !== undefined) writeFileSync(json, `${JSON.stringify(reports, null, 2)}\n`)
      console.log(`${machine.join('\n')}\n\n${tablesOf(report)}\n`)
      if (existsSync(directory)) rmSync(directory, { recursive: true, force: true })
    }
  }
}

async function makePage(files: readonly string[], { out }: { readonly out: string }): Promise<void> {
  // Only here, since it takes memory and time that would be measured.
  const { writePage } = await import('./report/write-page.js')
  try {
    await writePage({ files, out, template: TEMPLATE })
  } catch (error) {
    program.error(`error: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) throw new InvalidArgumentError('must be a number above 0')
  return value
}

function atLeastOne(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number above 0')
  return value
}
