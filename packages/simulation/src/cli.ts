import { availableParallelism } from 'node:os'
import { type Calm, type Character, calmable, plainCharacter, type Statistics } from '@raft/simulator'
import { Command, InvalidArgumentError, Option } from 'commander'
import { runBatch } from './command/batch.js'
import { explainFailure, showSeed } from './command/show.js'
import { stackNamed, stacks } from './stacks/stacks.js'

interface Given {
  readonly stack: string
  readonly seed?: number
  readonly trace?: boolean
  readonly only?: readonly number[]
  readonly calm?: readonly Calm[]
  readonly seeds: number
  readonly from: number
  readonly jobs: number
  readonly minutes: number
  readonly character?: Partial<Character>
  readonly length?: number
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const program = new Command('simulate')
  .description('Simulates whole clusters under faults in virtual time, each decided by its seed.')
  .addOption(
    new Option('--stack <name>', stacks.map(({ name, description }) => `${name}: ${description}`).join('; '))
      .choices(stacks.map(({ name }) => name))
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
  .option('--seeds <n>', 'run so many seeds', wholeNumber, 1000)
  .option('--from <n>', 'the first of them', wholeNumber, 1)
  .option('--jobs <n>', 'in so many processes', wholeNumber, availableParallelism())
  .option('--minutes <n>', 'end after so long, although seeds are left', Number, Number.POSITIVE_INFINITY)
  .action(run)

await program.parseAsync()

async function run(given: Given): Promise<void> {
  const stack = stackNamed(given.stack)
  const { seed, only, calm, character, length, trace = false } = given
  const shape = { ...(character === undefined ? {} : { character }), ...(length === undefined ? {} : { length }) }
  const isKept =
    seed === undefined
      ? await batch(given)
      : await showSeed(stack, {
          seed,
          trace,
          print,
          ...shape,
          ...(only === undefined ? {} : { only }),
          ...(calm === undefined ? {} : { calm }),
        })
  if (seed !== undefined) print(`verdict: seed ${seed} of ${stack.name} ${isKept ? 'keeps every promise' : 'BREAKS a promise'}`)
  process.exitCode = isKept ? 0 : 1
}

async function batch(given: Given): Promise<boolean> {
  const startedAt = performance.now()
  const seconds = () => (performance.now() - startedAt) / 1000
  const progress = progressLine(given.seeds, seconds)
  const { character, length } = given
  const shape = { ...(character === undefined ? {} : { character }), ...(length === undefined ? {} : { length }) }
  const { statistics, failedSeed } = await runBatch({ ...given, shape, budget: given.minutes * 60_000, onProgress: progress.show })
  progress.end()
  for (const line of statistics.lines()) print(line)
  print(`${Math.round(statistics.events / seconds())} events a second of real time, in ${given.jobs} processes, ${seconds().toFixed(1)} s`)
  const stack = stackNamed(given.stack)
  if (failedSeed === null) {
    print(`verdict: every promise was kept, in ${statistics.seeds} of ${given.seeds} seeds of ${stack.name} from ${given.from} on`)
    return true
  }
  await explainFailure(stack, { seed: failedSeed, ...shape }, await stack.simulate({ seed: failedSeed, ...shape }), print)
  print(`verdict: seed ${failedSeed} of ${stack.name} BREAKS a promise`)
  return false
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
