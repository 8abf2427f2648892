import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { LogDamagedError } from '../src/index.js'
import { damageAtRandom } from './support/damage.js'
import { attempt, type Written, writeLog } from './support/written-log.js'

interface Outcomes {
  whole: number
  withoutLast: number
  /** As it was at a time before, where the damage had wiped out all that came later. */
  older: number
  refused: number
  /** Openings that reported a torn write. */
  torn: number
}

/** Damages a copy in one way, and opens it. */
async function damageOnce({ disk, models }: Written, seed: number, outcomes: Outcomes): Promise<void> {
  const copy = disk.clone(seed)
  const random = copy.world.random('damage')
  const before = copy.paths()
  const { what, vanished } = damageAtRandom(copy, random)
  const files = [...before, ...copy.paths()]
  const { found, torn } = await attempt(copy)
  if (found instanceof LogDamagedError) {
    expect(files, what).toContain(found.file)
    expect(found.offset, what).toBeGreaterThanOrEqual(0)
    outcomes.refused += 1
    return
  }
  if (torn !== null) {
    expect(files, what).toContain(torn.file)
    expect(torn.offset % 512, what).toBe(0)
    outcomes.torn += 1
  }
  if (isDeepStrictEqual(found, models.at(-1))) outcomes.whole += 1
  else if (isDeepStrictEqual(found, models.at(-2))) {
    if (vanished === 'nothing') expect(torn, what).not.toBe(null)
    outcomes.withoutLast += 1
  } else if (vanished === 'the last writes' && models.some((model) => isDeepStrictEqual(found, model))) outcomes.older += 1
  else expect.fail(`damage ${seed}, ${what}: found ${JSON.stringify(found)}`)
}

/** `pnpm fuzz` sets it to run so many times as much. */
const TIMES = Number(process.env['RAFT_FUZZ'] ?? 1)

test(
  'damaged files by the ten-thousand give the log as it was, or without its last write, or a refusal with file and offset',
  async () => {
    const outcomes: Outcomes = { whole: 0, withoutLast: 0, older: 0, refused: 0, torn: 0 }
    for (let log = 1; log <= 25 * TIMES; log++) {
      const written = await writeLog(log, 10 + (log % 40))
      for (let i = 0; i < 400; i++) await damageOnce(written, log * 1000 + i, outcomes)
    }
    expect(outcomes.whole).toBeGreaterThan(1000 * TIMES)
    expect(outcomes.withoutLast).toBeGreaterThan(100 * TIMES)
    expect(outcomes.older).toBeGreaterThan(10 * TIMES)
    expect(outcomes.torn).toBeGreaterThan(100 * TIMES)
    expect(outcomes.refused).toBeGreaterThan(1000 * TIMES)
  },
  120_000 * TIMES,
)
