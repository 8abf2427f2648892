import { availableParallelism } from 'node:os'
import { type Calm, type Character, calmable, plainCharacter, type Statistics } from '@raft/simulator'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type BatchResult, runBatch } from './command/batch.js'
import { explainFailure, showSeed } from './command/show.js'
import { addToLedger, commitFor, LEDGER, readLedger } from './ledger/files.js'
import { type LedgerRow, nextSeed } from './ledger/ledger.js'
import { stackNamed, stacks } from './stacks/stacks.js'

interface Given {
  readonly stack: string
  readonly seed?: number
  readonly trace?: boolean
  readonly only?: readonly number[]
  readonly calm?: readonly Calm[]
  readonly seeds?: number
  readonly from?: number
  readonly jobs: number
  readonly minutes: number
  readonly character?: Partial<Character>
  readonly length?: number
  readonly ledger?: string | true
}

/** As the name of a stack: each of them, one after the other. */
const ALL = 'all'

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const program = new Command('simulate')
  .description('Simulates whole clusters under faults in virtual time, each decided by its seed.')
  .addOption(
    new Option(
      '--stack <name>',
      [...stacks, { name: ALL, description: 'each' }].map(({ name, description }) => `${name}: ${description}`).join('; '),
    )
      .choices([...stacks.map(({ name }) => name), ALL])
      .default(stacks[0]?.name),
  )
  .option('--seed <n>', 'run this one seed', wholeNumber)
  .option('--trace', 'with --seed: print every event')
  .option('--only <numbers>', 'with --seed: only these of its faults (none: no fault)', faultNumbers)
  .option('--calm <conditions>', `with --seed: as on a good day: ${calmable.join(', ')}`, conditions)
  .option(
    '--character <traits>',
    `instead of what every third seed draws: none, or some of ${Object.keys(plainCharacter).join(', ')}`,
    traits,
  )
  .option('--length <n>', 'each run is so many times as long, with small windows', wholeNumber)
  .option('--seeds <n>', 'run so many seeds (default: 1000; with --ledger: until the time is over)', wholeNumber)
  .option('--from <n>', 'the first of them (default: 1; with --ledger: behind those of the ledger)', wholeNumber)
  .option('--jobs <n>', 'in so many processes', wholeNumber, availableParallelism())
  .option('--minutes <n>', 'end after so long, although seeds are left; of each stack', Number, Number.POSITIVE_INFINITY)
  .option('--ledger [file]', 'add what was simulated to docs/simulation-ledger.json, or to the file that is given')
  .action(run)

await program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`simulate: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
})

async function run(given: Given): Promise<void> {
  const { seed, only, calm, trace = false } = given
  if (seed === undefined) {
    process.exitCode = (await batches(given)) ? 0 : 1
    return
  }
  const stack = stackNamed(given.stack)
  const isKept = await showSeed(stack, {
    seed,
    trace,
    print,
    ...shapeOf(given),
    ...(only === undefined ? {} : { only }),
    ...(calm === undefined ? {} : { calm }),
  })
  print(`verdict: seed ${seed} of ${stack.name} ${isKept ? 'keeps every promise' : 'BREAKS a promise'}`)
  process.exitCode = isKept ? 0 : 1
}

/** The options that are the same for all seeds. */
function shapeOf({ character, length }: Given): Pick<Given, 'character' | 'length'> {
  return { ...(character === undefined ? {} : { character }), ...(length === undefined ? {} : { length }) }
}

async function batches(given: Given): Promise<boolean> {
  const names = given.stack === ALL ? stacks.map(({ name }) => name) : [given.stack]
  const ledger = given.ledger === true ? LEDGER : given.ledger
  if (ledger !== undefined && given.seeds === undefined && !Number.isFinite(given.minutes))
    throw new InvalidArgumentError('--ledger needs --minutes or --seeds')
  const commit = ledger === undefined ? null : commitFor(ledger)
  let isKept = true
  for (const name of names) {
    const from = given.from ?? (ledger === undefined ? 1 : nextSeed(await readLedger(ledger), name))
    const seeds = given.seeds ?? (ledger === undefined ? 1000 : Number.MAX_SAFE_INTEGER - from)
    const { statistics, lastSeed, failedSeed } = await batch(name, from, seeds, given)
    if (failedSeed !== null) isKept = false
    if (ledger === undefined) continue
    const row: LedgerRow = {
      date: new Date().toISOString().slice(0, 10),
      commit,
      stack: name,
      from,
      to: lastSeed,
      ...describeShape(given),
      events: statistics.events,
      clusters: statistics.seeds,
      hours: Number((statistics.duration / 3_600_000).toFixed(2)),
      violations: failedSeed === null ? [] : [failedSeed],
    }
    await addToLedger(ledger, [row])
  }
  return isKept
}

function describeShape({ character, length }: Given): Pick<LedgerRow, 'shape'> {
  const traitsGiven = Object.keys(character ?? {}).join(',') || 'none'
  const words = [...(character === undefined ? [] : [traitsGiven]), ...(length === undefined ? [] : [`${length} times as long`])]
  return words.length === 0 ? {} : { shape: words.join(', ') }
}

async function batch(name: string, from: number, seeds: number, given: Given): Promise<BatchResult> {
  const startedAt = performance.now()
  const seconds = () => (performance.now() - startedAt) / 1000
  const progress = progressLine(seeds, seconds)
  const shape = shapeOf(given)
  const { jobs, minutes } = given
  const result = await runBatch({ stack: name, from, seeds, jobs, shape, budget: minutes * 60_000, onProgress: progress.show })
  const { statistics, failedSeed } = result
  progress.end()
  for (const line of statistics.lines()) print(line)
  print(`${Math.round(statistics.events / seconds())} events a second of real time, in ${jobs} processes, ${seconds().toFixed(1)} s`)
  const stack = stackNamed(name)
  if (failedSeed === null) {
    const of = given.seeds === undefined && given.ledger !== undefined ? '' : ` of ${seeds}`
    print(`verdict: every promise was kept, in ${statistics.seeds}${of} seeds of ${name} from ${from} on`)
    return result
  }
  await explainFailure(stack, { seed: failedSeed, ...shape }, await stack.simulate({ seed: failedSeed, ...shape }), print)
  print(`verdict: seed ${failedSeed} of ${name} BREAKS a promise`)
  return result
}

/** One line that is written over on a terminal, and a line now and then elsewhere. */
function progressLine(seeds: number, seconds: () => number): { show: (statistics: Statistics) => void; end: () => void } {
  const { stderr } = process
  const every = stderr.isTTY ? 0.2 : 10
  let shownAt = 0
  return {
    show: (statistics) => {
      if (seconds() - shownAt < every) return
      shownAt = seconds()
      const rate = Math.round(statistics.events / shownAt)
      const line = `${statistics.seeds} of ${seeds} seeds, ${statistics.events} events, ${rate} a second`
      stderr.write(stderr.isTTY ? `\r${line}\x1b[K` : `${line}\n`)
    },
    end: () => {
      if (stderr.isTTY) stderr.write('\r\x1b[K')
    },
  }
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('a whole number from 0 on is needed')
  return value
}

function faultNumbers(text: string): number[] {
  return text === 'none' ? [] : text.split(',').map(wholeNumber)
}

function conditions(text: string): Calm[] {
  return text.split(',').map((name) => {
    const known = calmable.find((one) => one === name)
    if (known === undefined) throw new InvalidArgumentError(`"${name}" is none of ${calmable.join(', ')}`)
    return known
  })
}

function traits(text: string): Partial<Character> {
  const names = text === 'none' ? [] : text.split(',')
  for (const name of names) {
    if (!(name in plainCharacter)) throw new InvalidArgumentError(`"${name}" is none of ${Object.keys(plainCharacter).join(', ')}`)
  }
  return Object.fromEntries(names.map((name) => [name, true]))
}
