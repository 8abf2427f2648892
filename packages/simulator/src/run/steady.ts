import type { Cluster } from '../cluster/cluster.js'
import { DEATH_OF_DISK } from '../cluster/simulated-member.js'
import type { Prng } from '../world/prng.js'

/** What messages and disk operations may take, in ms: less than a heartbeat interval altogether. */
const DELAYS = [0.5, 1, 3]
const DISK_DELAYS = [0.05, 0.2, 0.6]
/** Where a write is one operation: a leader whose disk takes longer than its messages. */
const SLOW_DISK_DELAYS = [...DISK_DELAYS, 4]
/** In heartbeat intervals: how long to wait before something is begun. */
const LONGEST_PAUSE = 2.5
/** In ms: shorter timeouts cost more than one election. */
export const LEAST_TIMEOUT = 100
/** What is counted when something is lost after all: a path that is too narrow, say. */
const LOSSES = ['lost', 'cut off', 'too large for the path', 'corrupted', 'overrun', 'to a dead end']

/** A cluster on which everything takes a known time, and the times of what is done on it, in ms. */
export class Steady<Result, Answer> {
  readonly delay: number
  readonly #cluster: Cluster<Result, Answer>
  readonly #random: Prng
  readonly #diskDelays: ReadonlyMap<string, number>
  readonly #deathsBefore: number

  constructor(cluster: Cluster<Result, Answer>, random: Prng) {
    this.#cluster = cluster
    this.#random = random
    this.delay = random.pick(DELAYS)
    this.#deathsBefore = this.#deaths
    this.#diskDelays = new Map(
      cluster.members.map(({ id }) => [id, random.pick(cluster.cost.diskOperations === 1 ? SLOW_DISK_DELAYS : DISK_DELAYS)]),
    )
  }

  diskDelay(id: string): number {
    return this.#diskDelays.get(id) ?? 0
  }

  /** A write and its acknowledgement: the followers' disks, or the own one, and what is read back where little is kept in memory. */
  get write(): number {
    const { diskOperations, overhead } = this.#cluster.cost
    return 2 * this.delay + (diskOperations + 1) * Math.max(...this.#diskDelays.values()) + overhead
  }

  /** A round of heartbeats. */
  get read(): number {
    return 2 * this.delay + this.#cluster.cost.overhead
  }

  /** How often something was lost so far. */
  get losses(): number {
    const { counts } = this.#cluster.world
    return LOSSES.reduce((sum, what) => sum + (counts.get(what) ?? 0), 0)
  }

  async pause(): Promise<void> {
    const { world, heartbeatInterval } = this.#cluster
    await world.run(world.now + this.#random.between(0.05, LONGEST_PAUSE) * heartbeatInterval)
  }

  /** What was lost after all is sent again, and takes its time. */
  async settle(isDone: () => boolean): Promise<void> {
    const { world, electionTimeout } = this.#cluster
    await world.run(world.now + 4 * Math.max(LEAST_TIMEOUT, electionTimeout), isDone)
  }

  /**
   * Not where a member has died since of an error that its disk gave while there were faults: of a file that was prepared then, the
   * member learns when it needs the file.
   */
  broken(message: string): void {
    if (this.#deaths > this.#deathsBefore) return
    const disks = [...this.#diskDelays].map(([id, ms]) => `${id} ${ms}`).join(', ')
    this.#cluster.world.violated('prompt', `${message}, where messages take ${this.delay} ms and disks ${disks}`)
  }

  get #deaths(): number {
    return this.#cluster.world.counts.get(DEATH_OF_DISK) ?? 0
  }
}
