import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allVariants, layers } from '../src/variants/all.js'
import { DOCUMENT, documentOf } from '../src/variants/document.js'
import { readFound } from '../src/variants/found.js'
import { type Finding, hunt, runUnbroken } from '../src/variants/hunt.js'
import { inParallel } from '../src/variants/pool.js'
import type { RunnerTask } from '../src/variants/runner.js'
import { broken, seedsFromTheFirst, type Variant } from '../src/variants/variant.js'

/** Real ms after which a process that simulates is taken for stuck. */
const LIMIT = 300_000
const AT_ONCE = 2
const found = await readFound()

/** The seed that found it last, which mostly does again; where the code has changed since, all that it may take. */
function seedsFor(variant: Variant): number[] {
  return [found[variant.name]?.seed ?? 1, ...seedsFromTheFirst(variant)]
}

describe('the simulation finds what is broken', () => {
  let hunts: ReadonlyMap<Variant, Promise<Finding>> = new Map()

  beforeAll(() => {
    hunts = inParallel(allVariants, AT_ONCE, (variant) => hunt(variant, seedsFor(variant), LIMIT))
  })

  // Found all the same, but only by a hunt from seed 1 on, which may take as long as all other variants together.
  afterAll(async () => {
    const late: string[] = []
    for (const [{ name }, hunted] of hunts) {
      const report = (await hunted.catch(() => null))?.report
      if (report?.found && report.seeds > 1) late.push(`${name} (seed ${report.found.seed}, ${report.processor.toFixed(1)} s of processor)`)
    }
    if (late.length > 0) process.stderr.write(`found with another seed than found.json has, so that it took longer: ${late.join('; ')}\n`)
  })

  describe.each(layers)('$title', ({ variants }) => {
    it.each(variants)('$name', { timeout: 600_000 }, async (variant) => {
      const finding = await hunts.get(variant)
      expect(finding?.report.found, `${variant.breaks}: nothing is found within ${variant.maxSeeds} seeds`).not.toBeNull()
    })
  })

  it('and nothing with the same seeds where nothing is broken', { timeout: 600_000 }, async () => {
    const tasks = allVariants.map(({ name, stack, options = {} }): RunnerTask => {
      return { stack, seeds: [found[name]?.seed ?? 1], options }
    })
    const unlike = [...new Set(tasks.map((task) => JSON.stringify(task)))].map((task) => JSON.parse(task) as RunnerTask)
    const reports = await runUnbroken(unlike, LIMIT)
    expect(reports).toHaveLength(unlike.length)
    expect(reports.filter((report) => report.found !== null)).toEqual([])
  })
})

describe('broken variants', () => {
  const variant = { name: 'v', breaks: '', file: 'f.ts', replace: 'b', stack: 'core', maxSeeds: 1 }

  it('change the one place that they name', () => {
    expect(broken({ ...variant, search: 'a' }, 'xay')).toBe('xby')
    expect(broken({ ...variant, search: 'a', replace: '$&' }, 'xay')).toBe('x$&y')
  })

  it('are out of date when that is gone, or not the only one', () => {
    expect(() => broken({ ...variant, search: 'a' }, 'xyz')).toThrow(
      'variant "v": in f.ts there are 0 places, where one was expected, of: a',
    )
    expect(() => broken({ ...variant, search: 'a' }, 'xaya')).toThrow('2 places')
  })

  it('of a file that is no part of the simulation say so', async () => {
    await expect(hunt({ ...variant, file: 'apps/node/src/demo.ts', search: 'a' }, [1], LIMIT)).rejects.toThrow(
      'is no part of the simulation',
    )
  })

  it('have names of their own', () => {
    expect(new Set(allVariants.map(({ name }) => name)).size).toBe(allVariants.length)
  })

  it('are in the document, as `pnpm variants` writes it', async () => {
    expect(await readFile(DOCUMENT, 'utf8')).toBe(documentOf(found))
  })
})
