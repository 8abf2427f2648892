import { Command, InvalidArgumentError, Option } from 'commander'
import { distributionOf } from './fail-over/distribution.js'
import { type Loss, type Measured, measureFailOver } from './fail-over/measure.js'

const LOSSES: readonly Loss[] = ['killed', 'restarted', 'silent']
/** Mean ms on the way from one member to another. */
const DELAYS = [0.1, 1, 10]

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

interface Given {
  readonly seeds: number
  readonly from: number
  readonly members: number
  readonly loss?: Loss
  readonly delay?: number
}

const program = new Command('fail-over')
  .description(
    'Simulates fail-overs with the default tuning and the real UDP transport, and prints how long they take: from the loss of the leader to the next acknowledged write, in virtual ms.',
  )
  .option('--seeds <n>', 'how many of each kind', wholeNumber, 1000)
  .option('--from <n>', 'the first seed', wholeNumber, 1)
  .option('--members <n>', 'how many members', wholeNumber, 3)
  .addOption(new Option('--loss <kind>', 'only where the leader is lost in this way').choices(LOSSES))
  .option('--delay <ms>', `only with this mean delay between members (default: ${DELAYS.join(', ')})`, milliseconds)
  .action(run)

await program.parseAsync()

async function run({ seeds, from, members, ...only }: Given): Promise<void> {
  print('| leader | delay, ms | p50 | p90 | p99 | max | more than one term |')
  print('|---|--:|--:|--:|--:|--:|--:|')
  for (const loss of only.loss === undefined ? LOSSES : [only.loss]) {
    for (const delay of only.delay === undefined ? DELAYS : [only.delay]) {
      const measured: Measured[] = []
      for (let seed = from; seed < from + seeds; seed++) measured.push(await measureFailOver({ seed, loss, delay, members }))
      const { p50, p90, p99, max } = distributionOf(measured.map(({ duration }) => duration))
      const inVain = measured.filter(({ terms }) => terms > 1).length
      const times = [p50, p90, p99, max].map((ms) => Math.round(ms))
      print(`| ${[loss, delay, ...times, inVain].join(' | ')} |`)
    }
  }
}

function milliseconds(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('a number of milliseconds is needed')
  return value
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1 on is needed')
  return value
}
