import { LogDamagedError, type TornWrite } from '../../src/index.js'
import { applied, contentsOf, DIRECTORY, emptyModel, type Model, randomWrite, storageOn, write } from './log.js'
import { TestDisk } from './test-disk.js'

export const segment = (number: number) => `${DIRECTORY}/${String(number).padStart(16, '0')}.log`

export interface Written {
  readonly disk: TestDisk
  /** What the log held after each write, from none on. */
  readonly models: readonly Model[]
}

/** Some segments full of random writes. */
export async function writeLog(seed: number, writes: number): Promise<Written> {
  const disk = new TestDisk(seed)
  const random = disk.world.random('writes').next
  const storage = storageOn(disk)
  await storage.open()
  const models = [emptyModel()]
  for (let i = 0; i < writes; i++) {
    const next = randomWrite(models.at(-1) as Model, random)
    await write(storage, next.entries, next.hardState)
    models.push(applied(models.at(-1) as Model, next))
  }
  await storage.close()
  return { disk, models }
}

export interface Attempt {
  readonly found: Model | LogDamagedError
  readonly torn: TornWrite | null
}

/** Opens, reads everything and closes; any other error than of damage is thrown. */
export async function attempt(disk: TestDisk): Promise<Attempt> {
  const storage = storageOn(disk)
  try {
    const found = await contentsOf(storage)
    return { found, torn: storage.tornWrite }
  } catch (error) {
    if (error instanceof LogDamagedError) return { found: error, torn: null }
    throw error
  } finally {
    await storage.close()
  }
}
