import { isDeepStrictEqual } from 'node:util'
import { StorageError } from '@raft/core'
import { healthyDisk } from '@raft/simulator'
import { expect, test } from 'vitest'
import { applied, contentsOf, emptyModel, entriesOf, type Model, randomWrite, storageOn, write } from './support/log.js'
import { TestDisk } from './support/test-disk.js'

type Random = TestDisk['simulated']['random']

/** What came of many lives: so that a test can tell that it has seen what it is about. */
interface Tally {
  crashes: number
  /** In which the log was being opened, or repaired. */
  whileOpening: number
  openings: number
  /** Openings that found the write in flight. */
  withWriteInFlight: number
  /** Openings and writes that the disk made fail. */
  failures: number
  writes: number
}

/** One group's log, through all the lives of a process. */
class Group {
  readonly #number: number
  readonly #random: Random
  readonly #tally: Tally
  readonly #base: { readonly index: number; readonly term: number }
  #durable: Model
  #inFlight: Model | null = null
  #isOpening = false

  constructor(number: number, random: Random, tally: Tally) {
    this.#number = number
    this.#random = random
    this.#tally = tally
    const index = random.pick([0, 0, 0, 7, 2 ** 31 - 9, 2 ** 32 - 9, 2 ** 52])
    this.#base = { index, term: index === 0 ? 0 : 3 }
    this.#durable = { ...emptyModel(index), hardState: { currentTerm: this.#base.term, votedFor: null } }
  }

  get isOpening(): boolean {
    return this.#isOpening
  }

  /** Opens, checks what is there, and writes and reads until something stops it. */
  async live(disk: TestDisk): Promise<void> {
    const options = { directory: `/data/group-${this.#number}`, group: this.#number, base: this.#base }
    const storage = storageOn(disk, options)
    this.#isOpening = true
    const found = await contentsOf(storage)
    this.#isOpening = false
    this.#tally.openings += 1
    this.#check(found)
    for (;;) {
      const next = randomWrite(this.#durable, this.#random.next)
      this.#inFlight = applied(this.#durable, next)
      const writing = write(storage, next.entries, next.hardState)
      await Promise.all([writing, this.#random.chance(0.2) ? this.#read(storage, this.#durable, this.#inFlight) : null])
      this.#tally.writes += 1
      this.#durable = this.#inFlight
      this.#inFlight = null
    }
  }

  #check(found: Model): void {
    if (isDeepStrictEqual(found, this.#inFlight)) this.#tally.withWriteInFlight += 1
    else if (!isDeepStrictEqual(found, this.#durable))
      throw new Error(`group ${this.#number} found ${JSON.stringify(found)}, stored ${JSON.stringify(this.#durable)}`)
    this.#durable = found
    this.#inFlight = null
  }

  /** While a write may replace the same entries: the old ones or the new. */
  async #read(storage: Parameters<typeof entriesOf>[0], old: Model, fresh: Model): Promise<void> {
    if (old.entries.length === 0) return
    const from = this.#random.below(old.entries.length)
    const to = from + 1 + this.#random.below(old.entries.length - from)
    const found = await entriesOf(storage, old.base + from + 1, old.base + to, this.#random.chance(0.5) ? 500 : undefined)
    const end = from + found.length
    if (found.length === 0 || end > to) throw new Error(`asked for ${from} to ${to}, got ${found.length} entries`)
    if (!isDeepStrictEqual(found, old.entries.slice(from, end)) && !isDeepStrictEqual(found, fresh.entries.slice(from, end)))
      throw new Error(`group ${this.#number} read ${JSON.stringify(found)}, stored ${JSON.stringify(old)} or ${JSON.stringify(fresh)}`)
  }
}

/** What the disk does in one life: mostly nothing wrong. */
function setConditions({ simulated }: TestDisk, random: Random): void {
  Object.assign(simulated.conditions, healthyDisk)
  simulated.shortTransfers = random.chance(0.5) ? 0 : 0.1
  simulated.makeRoom()
  if (random.chance(0.6)) return
  if (random.chance(0.3)) simulated.conditions.writeErrors = 0.03
  // The many are for what follows when one repair after another fails.
  if (random.chance(0.4)) simulated.conditions.syncErrors = random.pick([0.03, 0.3])
  if (random.chance(0.2)) simulated.conditions.openErrors = 0.05
  if (random.chance(0.2)) simulated.conditions.readErrors = 0.03
  if (random.chance(0.3)) simulated.world.after(random.exponential(10), () => simulated.fill())
  if (random.chance(0.3)) simulated.world.after(random.exponential(20), () => simulated.makeRoom())
}

/** Several lives of a process with several groups on one disk, each ended at any event, by a loss of power or by a kill. */
async function lives(seed: number, count: number, tally: Tally): Promise<void> {
  const disk = new TestDisk(seed)
  const random = disk.world.random('lives')
  const groups = Array.from({ length: 1 + random.below(3) }, (_, i) => new Group(i, random, tally))
  for (let life = 0; life < count; life++) {
    // Bad times outlast a process: what one could not repair, the next finds.
    if (random.chance(0.6)) setConditions(disk, random)
    const failuresBefore = disk.simulated.failures
    const live = async (group: Group) => {
      const error = await group.live(disk).catch((reason: unknown) => reason)
      if (!(error instanceof StorageError) || disk.simulated.failures === failuresBefore)
        throw new Error(`seed ${seed}, life ${life}: ${error instanceof Error ? error.message : error}`, { cause: error })
      tally.failures += 1
    }
    const stopped = disk.stopAfter(random.below(random.chance(0.4) ? 40 : 500))
    await Promise.race([stopped, Promise.all(groups.map(live)).then(() => stopped)])
    tally.crashes += 1
    if (groups.some((group) => group.isOpening)) tally.whileOpening += 1
    if (random.chance(0.4)) disk.kill()
    else disk.crash()
  }
}

/** `pnpm fuzz` sets it to run so many times as much. */
const TIMES = Number(process.env['RAFT_FUZZ'] ?? 1)

test(
  'whatever ends a process, and in whichever event, every log is what was durable, or that and the whole write in flight',
  async () => {
    const tally: Tally = { crashes: 0, whileOpening: 0, openings: 0, withWriteInFlight: 0, failures: 0, writes: 0 }
    for (let seed = 1; seed <= 500 * TIMES; seed++) await lives(seed, 12, tally)
    expect(tally.crashes).toBe(6000 * TIMES)
    expect(tally.whileOpening).toBeGreaterThan(1000 * TIMES)
    expect(tally.openings).toBeGreaterThan(3000 * TIMES)
    expect(tally.withWriteInFlight).toBeGreaterThan(100 * TIMES)
    expect(tally.failures).toBeGreaterThan(100 * TIMES)
    expect(tally.writes).toBeGreaterThan(10_000 * TIMES)
  },
  120_000 * TIMES,
)
