import type { Message } from '@raft/core'
import { expect, it } from 'vitest'
import { append, arrivedAppends, arrivedRounds, heartbeat, type Station, VirtualCluster } from './support/cluster.js'

/** `pnpm fuzz` sets it to run so many times as much. */
const TIMES = Number(process.env['RAFT_FUZZ'] ?? 1)
const PAIRS = [
  ['a', 'b'],
  ['b', 'a'],
] as const

/** Two members among restarts, cuts in one or both directions, loss, reordering and sessions that are used up. */
class Life {
  readonly #cluster: VirtualCluster
  readonly #options: { maxSessionDatagrams?: number }
  #index = 0

  constructor(seed: number) {
    this.#cluster = new VirtualCluster(seed)
    this.#options = this.#chance(0.3) ? { maxSessionDatagrams: 64 } : {}
  }

  async start(): Promise<void> {
    await this.#cluster.startAll(['a', 'b'], this.#options)
  }

  async misfortune(): Promise<void> {
    const { links, random } = this.#cluster
    const cut = ['', '', 'a', 'b', 'ab'][this.#whole(5)] as string
    this.#cluster.filter = ({ to }) => ![...cut].some((id) => to.address === VirtualCluster.address(id))
    links.conditions.loss = this.#chance(0.5) ? 0 : random() * 0.5
    Object.assign(links.conditions, { lateness: this.#chance(0.5) ? 0 : 1, maxLate: random() * 150 })
    if (this.#chance(0.3)) await this.#restart(this.#chance(0.5) ? 'a' : 'b')
    for (let i = this.#whole(8); i > 0; i--) {
      const [from, to] = PAIRS[this.#whole(2)] as (typeof PAIRS)[number]
      const message = this.#chance(0.5) ? heartbeat(0) : append(++this.#index, this.#whole(30_000))
      this.#station(from).transport.send(to, message)
      await this.#cluster.run(this.#whole(this.#chance(0.2) ? 3000 : 100))
    }
    await this.#cluster.run(this.#whole(this.#chance(0.2) ? 15_000 : 300))
  }

  heal(): void {
    this.#cluster.filter = () => true
    Object.assign(this.#cluster.links.conditions, { loss: 0, lateness: 0 })
    for (const id of ['a', 'b']) this.#station(id).transport.setMembers(0, [this.#cluster.member('a'), this.#cluster.member('b')])
  }

  /** How long it takes until both have heard what each sends again and again, as what waits in a session that ends is lost. */
  async untilHeard(message: (count: number) => Message, interval: number, hasHeard: (station: Station) => boolean): Promise<number> {
    const { world, stations } = this.#cluster
    const both = () => [...stations.values()].every(hasHeard)
    const start = world.now
    for (let count = 1; count <= 100 && !both(); count++) {
      for (const [from, to] of PAIRS) this.#station(from).transport.send(to, message(count))
      await this.#cluster.run(interval, both)
    }
    return world.now - start
  }

  async #restart(id: string): Promise<void> {
    await this.#station(id).transport.close()
    await this.#cluster.start(id, this.#chance(0.8) ? ['a', 'b'] : [id], this.#options)
  }

  #station(id: string): Station {
    return this.#cluster.stations.get(id) as Station
  }

  #chance(share: number): boolean {
    return this.#cluster.random() < share
  }

  #whole(below: number): number {
    return Math.floor(this.#cluster.random() * below)
  }
}

it(
  'members talk again within seconds of whatever came between them',
  async () => {
    for (let seed = 1; seed <= 300 * TIMES; seed++) {
      const life = new Life(seed)
      await life.start()
      for (let i = 0; i < 12; i++) await life.misfortune()
      life.heal()
      const control = await life.untilHeard(heartbeat, 50, (station) => arrivedRounds(station).some((round) => round > 0))
      const first = 100_000
      const bulk = await life.untilHeard(
        (count) => append(first + count, 20_000),
        300,
        (station) => arrivedAppends(station).some((i) => i > first),
      )
      expect(control, `milliseconds until small messages passed, seed ${seed}`).toBeLessThan(3000)
      expect(bulk, `milliseconds until entries passed, seed ${seed}`).toBeLessThan(3000)
    }
  },
  60_000 * TIMES,
)
