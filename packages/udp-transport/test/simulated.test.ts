import { encodeMessage, type MemberId, type Message } from '@raft/core'
import { type LinkConditions, Links, type Prng, type World } from '@raft/simulator'
import { describe, expect, it } from 'vitest'
import { append, heartbeat, type Station, VirtualCluster } from './support/cluster.js'

/** `pnpm fuzz` sets it to run so many times as much. */
const TIMES = Number(process.env['RAFT_FUZZ'] ?? 1)
const IDS = ['a', 'b', 'c'] as const

/** What one simulation came to. */
interface Outcome {
  readonly delivered: number
  readonly detected: number
  readonly corrupted: number
  readonly bulkDelivered: number
  readonly retransmitted: number
  readonly trace: readonly string[]
}

const text = (message: Message) => Buffer.from(encodeMessage(message)).toString('latin1')

/** Three members that send each other messages of all sizes, over links as bad as the seed has them. */
class Storm {
  readonly #cluster: VirtualCluster
  readonly #random: Prng
  readonly #options: object
  readonly #sent = new Map<string, Set<string>>()
  readonly #trace: string[] = []
  /** Of every life. */
  readonly #stations: Station[] = []
  #index = 0

  constructor(seed: number) {
    this.#cluster = new VirtualCluster(seed, (world: World, hosts: readonly string[]) => new Links(world, hosts))
    this.#random = this.#cluster.world.random('storm')
    this.#options = this.#random.chance(0.2) ? { insecurePlainText: true } : {}
    this.#cluster.filter = ({ bytes, from, to }) => {
      this.#trace.push(`${this.#cluster.world.now} ${from.port} ${to.address} ${bytes.length} ${bytes.at(-1)}`)
      return true
    }
  }

  async run(): Promise<Outcome> {
    const { world, links, network } = this.#cluster
    const random = this.#random
    network.conditions.readingDelay = random.pick([0, 0.2])
    for (const id of IDS) await this.#start(id)
    await this.#cluster.run(100)
    Object.assign(links.conditions, this.#conditions())
    for (let i = 0; i < 40; i++) {
      this.#send(random.pick(IDS), random.pick(IDS))
      if (random.chance(0.05)) this.#cluster.host(random.pick(IDS)).pause(random.between(0, 300))
      if (random.chance(0.02)) await this.#start(random.pick(IDS))
      await this.#cluster.run(random.pick([0, 1, 20]))
    }
    await this.#cluster.run(2000)
    const counters = this.#stations.map(({ transport }) => transport.counters())
    const sum = (of: (one: (typeof counters)[number]) => number) => counters.reduce((total, one) => total + of(one), 0)
    return {
      ...this.#delivered(),
      detected: sum(({ dropped: { failedToOpen, malformed, unknownVersion, unknownSession, unknownSecret } }) =>
        [failedToOpen, malformed, unknownVersion, unknownSession, unknownSecret].reduce((a, b) => a + b),
      ),
      corrupted: world.counts.get('corrupted') ?? 0,
      retransmitted: sum(({ fragmentsRetransmitted }) => fragmentsRetransmitted),
      trace: this.#trace,
    }
  }

  /** Again, if need be, in a new process. */
  async #start(id: MemberId): Promise<void> {
    this.#stations.push(await this.#cluster.start(id, IDS, this.#options))
  }

  #conditions(): Partial<LinkConditions> {
    const random = this.#random
    const some = (most: number) => (random.chance(0.3) ? 0 : random.between(0, most))
    return {
      loss: some(0.3),
      duplication: some(0.3),
      lateness: some(0.3),
      corruption: some(0.3),
      delay: random.between(0.1, 5),
      maxLate: 50,
    }
  }

  #send(from: MemberId, to: MemberId): void {
    if (from === to) return
    const random = this.#random
    const index = ++this.#index
    const message = random.chance(0.4) ? heartbeat(index) : append(index, random.below(random.pick([100, 3000, 60_000])))
    const key = `${from} ${to}`
    this.#sent.set(key, (this.#sent.get(key) ?? new Set()).add(text(message)))
    ;(this.#cluster.stations.get(from) as Station).transport.send(to, message)
  }

  /** Throws where something was delivered that was not sent so, by and to these. */
  #delivered(): { delivered: number; bulkDelivered: number } {
    let [delivered, bulkDelivered] = [0, 0]
    for (const { id, received } of this.#stations) {
      for (const { from, message } of received) {
        delivered += 1
        if (message.type === 'appendEntries') bulkDelivered += 1
        if (!this.#sent.get(`${from} ${id}`)?.has(text(message)))
          throw new Error(`${id} got from ${from} what was not sent: ${message.type}`)
      }
    }
    return { delivered, bulkDelivered }
  }
}

describe('among loss, corruption, repetition, reordering, pauses and restarts', () => {
  it(
    'whatever is delivered was sent so, bit for bit, by the member that is named',
    async () => {
      const totals = { delivered: 0, bulkDelivered: 0, detected: 0, corrupted: 0, retransmitted: 0 }
      for (let seed = 1; seed <= 200 * TIMES; seed++) {
        const outcome = await new Storm(seed).run()
        for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += outcome[key]
      }
      expect(totals.delivered).toBeGreaterThan(3000 * TIMES)
      expect(totals.bulkDelivered).toBeGreaterThan(2000 * TIMES)
      expect(totals.retransmitted).toBeGreaterThan(1000 * TIMES)
      expect(totals.corrupted).toBeGreaterThan(1000 * TIMES)
      expect(totals.detected).toBeGreaterThan(0.9 * totals.corrupted)
    },
    60_000 * TIMES,
  )

  it('the same seed gives the same datagrams at the same times', async () => {
    for (let seed = 1; seed <= 5; seed++) expect((await new Storm(seed).run()).trace).toEqual((await new Storm(seed).run()).trace)
    expect((await new Storm(1).run()).trace).not.toEqual((await new Storm(2).run()).trace)
  })
})
