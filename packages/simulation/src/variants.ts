import { readFile, writeFile } from 'node:fs/promises'
import { Command, InvalidArgumentError } from 'commander'
import { allVariants, variantNamed } from './variants/all.js'
import { DOCUMENT, documentOf } from './variants/document.js'
import { type Found, foundBy, readFound, writeFound } from './variants/found.js'
import { type Finding, hunt } from './variants/hunt.js'
import { inParallel } from './variants/pool.js'
import { seedsFromTheFirst, type Variant } from './variants/variant.js'

interface Given {
  readonly only?: string
  readonly new?: boolean
  readonly jobs: number
  readonly check?: boolean
}

/** Real ms after which the hunt for one variant ends. */
const LIMIT = 600_000

const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

await new Command('variants')
  .description('Breaks the production source in every way we know, and simulates it until that is found.')
  .option('--only <name>', 'this one only; writes nothing')
  .option('--new', 'those only that were never found before')
  .option('--jobs <n>', 'in so many processes', jobs, 2)
  .option('--check', 'hunt for nothing: only see whether the document is up to date')
  .action(async (given: Given) => {
    process.exitCode = (given.check === true ? await isUpToDate() : await huntAll(given)) ? 0 : 1
  })
  .parseAsync()

async function huntAll(given: Given): Promise<boolean> {
  const before = await readFound()
  const found: Record<string, Found> = { ...before }
  const isAsked = ({ name }: Variant) => given.new !== true || before[name] === undefined
  const variants = given.only === undefined ? allVariants.filter(isAsked) : [variantNamed(given.only)]
  const missed: string[] = []
  const hunts = inParallel(variants, given.jobs, (variant) => hunt(variant, seedsFromTheFirst(variant), LIMIT))
  for (const [variant, hunted] of hunts) {
    const finding = await hunted.catch((error: unknown) => print(`NOT FOUND  ${String(error)}`))
    if (finding !== undefined) print(lineOf(finding))
    if (finding?.report.found) found[variant.name] = foundBy(finding.report)
    else {
      missed.push(variant.name)
      delete found[variant.name]
    }
  }
  if (missed.length > 0) print(`not found: ${missed.join('; ')}`)
  // The variants that were found are kept, whichever others were missed.
  if (given.only === undefined) {
    const ordered = Object.fromEntries(
      allVariants.filter(({ name }) => found[name] !== undefined).map(({ name }) => [name, found[name] as Found]),
    )
    await writeFound(ordered)
    if (missed.length === 0) await writeFile(DOCUMENT, documentOf(ordered))
  }
  return missed.length === 0
}

async function isUpToDate(): Promise<boolean> {
  const same = (await readFile(DOCUMENT, 'utf8')) === documentOf(await readFound())
  if (!same) print('docs/broken-variants.md is out of date: run pnpm variants')
  return same
}

function lineOf({ variant, report: { seeds, events, processor, found } }: Finding): string {
  const work = `${seeds} seeds, ${events} events, ${processor.toFixed(1)} s of processor`
  return found === null
    ? `NOT FOUND  ${variant.name}: ${work}`
    : `${variant.name}: ${found.oracle}: ${found.message.split('\n', 1)[0]} (${work})`
}

function jobs(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1 on is needed')
  return value
}
