import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { applied, contentsOf, emptyModel, type Model, randomWrite, storageOn } from './support/log.js'
import { randomBytesFrom, randomFrom } from './support/random.js'
import { SimulatedFileSystem } from './support/simulated-file-system.js'

/** Several lives on one disk, each ended at a random operation by a loss of power or by a kill, be it of opening, writing or preparing. */
async function live(seed: number, lives: number): Promise<void> {
  const random = randomFrom(seed)
  const disk = new SimulatedFileSystem(random)
  disk.faults.shortWrites = 0.1
  const options = { randomBytes: randomBytesFrom(random) }
  let durable: Model = emptyModel()
  let inFlight: Model | null = null
  for (let life = 0; life < lives; life++) {
    disk.faults.operationsUntilCrash = Math.floor(random() * (random() < 0.5 ? 20 : 120))
    const crashed = disk.crashed
    const storage = storageOn(disk, options)
    const run = async () => {
      const found = await contentsOf(storage)
      const isDurable = isDeepStrictEqual(found, durable)
      if (!isDurable && !isDeepStrictEqual(found, inFlight))
        expect.fail(`seed ${seed}, life ${life}: found ${JSON.stringify(found)}, stored ${JSON.stringify(durable)}`)
      durable = found
      inFlight = null
      for (;;) {
        const next = randomWrite(durable, random)
        inFlight = applied(durable, next)
        await new Promise<void>((resolve, reject) => storage.write(next, (error) => (error === null ? resolve() : reject(error))))
        durable = inFlight
        inFlight = null
      }
    }
    await Promise.race([run(), crashed])
    if (random() < 0.3) disk.kill()
    else disk.crash()
  }
}

/** `pnpm fuzz` sets it to run so many times as much. */
const TIMES = Number(process.env['RAFT_FUZZ'] ?? 1)

test(
  'after any loss of power the log is what was durable, or that and the whole write in flight',
  async () => {
    for (let seed = 1; seed <= 400 * TIMES; seed++) await live(seed, 12)
  },
  120_000 * TIMES,
)
