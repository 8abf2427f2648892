import type { Datagram } from '@raft/simulator'
import { describe, expect, it } from 'vitest'
import type { TransportProblem, UdpTransportOptions } from '../src/index.js'
import { append, arrivedAppends, arrivedRounds, heartbeat, type Station, VirtualCluster } from './support/cluster.js'

const HEARTBEAT_INTERVAL = 50
const RAISE_INTERVAL = 600_000

const isTo = (id: string, { to }: Datagram) => to.address === VirtualCluster.address(id)

/** Two members that send heartbeats to one another, on a path that may lose what is larger than `carried`, on the way to each. */
class Path {
  readonly cluster: VirtualCluster
  readonly problems: TransportProblem[] = []
  readonly carried = { a: Number.POSITIVE_INFINITY, b: Number.POSITIVE_INFINITY }
  /** How many datagrams that were too large have been sent, and the largest that arrived at b. */
  tooLarge = 0
  largest = 0
  #round = 0
  #stations: Station[] = []
  #seen = 0
  #newest = 0

  constructor(interfaceBytes: number | null, seed = 81) {
    this.cluster = new VirtualCluster(seed)
    this.cluster.network.conditions.maxDatagramBytes = interfaceBytes
    this.cluster.filter = (sent) => {
      if (sent.bytes.length > (isTo('b', sent) ? this.carried.b : this.carried.a)) {
        this.tooLarge += 1
        return false
      }
      if (isTo('b', sent)) this.largest = Math.max(this.largest, sent.bytes.length)
      return true
    }
  }

  get a(): Station {
    return this.#stations[0] as Station
  }

  get b(): Station {
    return this.#stations[1] as Station
  }

  async start(options: Partial<UdpTransportOptions> = {}): Promise<this> {
    const all = { onProblem: (problem: TransportProblem) => void this.problems.push(problem), ...options }
    this.#stations = await this.cluster.startAll(['a', 'b'], all)
    await this.cluster.run(50)
    return this
  }

  /** Returns how many ms it took. */
  async run(milliseconds: number, done: () => boolean = () => false): Promise<number> {
    const start = this.cluster.world.now
    while (!done() && this.cluster.world.now - start < milliseconds) {
      this.#round += 1
      this.a.transport.send('b', heartbeat(this.#round))
      this.b.transport.send('a', heartbeat(this.#round))
      await this.cluster.run(HEARTBEAT_INTERVAL, done)
    }
    return this.cluster.world.now - start
  }

  sendToB(from: number, to: number, bytes: number): void {
    for (let i = from; i <= to; i++) this.a.transport.send('b', append(i, bytes))
  }

  /** The first index of the entries that came last. Each message is looked at once. */
  #newestAtB(): number {
    const { received } = this.b
    for (; this.#seen < received.length; this.#seen++) {
      const message = received[this.#seen]?.message
      if (message?.type === 'appendEntries') this.#newest = message.entries.firstIndex
    }
    return this.#newest
  }

  async untilB(index: number, within: number): Promise<number> {
    return this.run(within, () => this.#newestAtB() === index)
  }
}

describe('issue 18: a path that loses large datagrams without a word', () => {
  it.each([
    [1472, 2000],
    [8972, 2000],
    [65_507, 2000],
    [1472, 1_000_000],
    [8972, 1_000_000],
    [65_507, 1_000_000],
  ])(
    'from the start, behind an interface of %d bytes: an entry of %d bytes arrives within two seconds, and the owner is told once',
    async (interfaceBytes, bytes) => {
      const path = await new Path(interfaceBytes).start()
      path.carried.b = 1372
      path.sendToB(1, 1, bytes)
      expect(await path.untilB(1, 10_000)).toBeLessThan(2000)
      path.sendToB(2, 20, bytes)
      expect(await path.untilB(20, 60_000)).toBeLessThan(20_000)
      await path.run(2000)
      expect(arrivedAppends(path.b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
      expect(path.problems).toMatchObject([{ code: 'RAFT_PATH_MTU', peer: 'b' }])
      expect(path.problems[0]?.message).toContain('of 1372 bytes arrive')
      expect(path.a.transport.counters()).toMatchObject({ datagramSizeReductions: 1, sizeProbesLost: 5, sessionsOpened: 1 })
      expect(path.largest).toBe(1372)
    },
  )

  it('from the start, in both directions: entries arrive both ways, and each side is told of its own', async () => {
    const path = await new Path(8972).start()
    Object.assign(path.carried, { a: 1300, b: 1300 })
    path.sendToB(1, 10, 30_000)
    for (let i = 1; i <= 10; i++) path.b.transport.send('a', append(i, 30_000))
    await path.run(5000)
    expect([arrivedAppends(path.a).length, arrivedAppends(path.b).length]).toEqual([10, 10])
    expect(path.problems.map(({ peer }) => peer).sort()).toEqual(['a', 'b'])
  })

  it('from a moment on, in the middle of a stream whose datagrams were cut before: nothing of it is lost', async () => {
    const path = await new Path(8972).start()
    path.sendToB(1, 40, 100_000)
    await path.untilB(10, 10_000)
    path.carried.b = 1300
    const took = await path.untilB(40, 60_000)
    expect(took).toBeLessThan(10_000)
    expect(arrivedAppends(path.b)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
    expect(path.a.transport.counters()).toMatchObject({ sessionsOpened: 1, datagramSizeReductions: 1 })
  })

  it('does not swallow heartbeats that are sent among large entries', async () => {
    const path = await new Path(65_507).start()
    path.carried.b = 1300
    path.sendToB(1, 1, 500_000)
    await path.run(5000)
    const rounds = arrivedRounds(path.b)
    expect(rounds.at(-1)).toBeGreaterThan(95)
    expect(rounds).toEqual(rounds.map((_, i) => i + 1))
  })

  it('leaves the sender as fast as on a path whose interface is as small', async () => {
    const timeOn = async (interfaceBytes: number, carried: number) => {
      const path = await new Path(interfaceBytes).start()
      path.cluster.links.conditions.delay = 5
      path.carried.b = carried
      path.sendToB(1, 1, 100_000)
      await path.untilB(1, 10_000)
      path.sendToB(2, 2, 10_000_000)
      return path.untilB(2, 120_000)
    }
    expect(await timeOn(8972, 1372)).toBeLessThan(1.3 * (await timeOn(1372, 1372)))
  })

  it('is not found out again by the next session, which begins with what was found', async () => {
    const path = await new Path(8972).start({ maxSessionDatagrams: 2000 })
    path.carried.b = 1300
    path.sendToB(1, 1, 100_000)
    await path.untilB(1, 10_000)
    await path.run(2000)
    const before = path.tooLarge
    for (let i = 2; i <= 40; i++) {
      path.sendToB(i, i, 200_000)
      await path.untilB(i, 10_000)
    }
    expect(path.a.transport.counters().sessionsOpened).toBeGreaterThan(2)
    expect(path.tooLarge).toBe(before)
    expect(arrivedAppends(path.b)).toHaveLength(40)
  })

  it('is tried again after ten minutes, and used as it is then', async () => {
    const path = await new Path(65_507).start()
    path.carried.b = 1300
    path.sendToB(1, 1, 100_000)
    await path.untilB(1, 10_000)
    await path.run(2000)
    const { sizeProbesSent } = path.a.transport.counters()
    path.carried.b = Number.POSITIVE_INFINITY
    await path.run(RAISE_INTERVAL - 10_000)
    expect(path.a.transport.counters().sizeProbesSent).toBe(sizeProbesSent)
    await path.run(20_000)
    path.largest = 0
    path.sendToB(2, 2, 1_000_000)
    await path.untilB(2, 10_000)
    expect(path.largest).toBe(65_507)
    expect(path.problems).toHaveLength(1)
  })

  it('costs five large datagrams and five small ones every ten minutes while it stays, and is not told again', async () => {
    const path = await new Path(8972).start()
    path.carried.b = 1300
    path.sendToB(1, 1, 100_000)
    await path.untilB(1, 10_000)
    await path.run(2000)
    const { sizeProbesSent } = path.a.transport.counters()
    await path.run(3 * RAISE_INTERVAL)
    expect(path.a.transport.counters().sizeProbesSent - sizeProbesSent).toBe(15)
    expect(path.problems).toHaveLength(1)
  })

  it('does not exist for a member that was told of it: no datagram is too large, and nobody is told', async () => {
    const path = await new Path(8972).start({ maxDatagramBytes: 1300 })
    path.carried.b = 1300
    path.sendToB(1, 20, 100_000)
    await path.untilB(20, 10_000)
    expect(arrivedAppends(path.b)).toHaveLength(20)
    expect(path.tooLarge).toBe(0)
    expect(path.problems).toEqual([])
  })
})

describe('a narrow path with a long round trip', () => {
  it('is noticed though something new is sent more often than a probe is due', async () => {
    // Found by seed 234 of the simulated transports: each new message put the probe off, and no entry arrived any more.
    const path = await new Path(65_507).start()
    path.cluster.links.conditions.delay = 100
    path.sendToB(1, 5, 100)
    await path.untilB(5, 2000)
    path.carried.b = 1300
    for (let index = 6; index <= 40; index++) {
      path.sendToB(index, index, 1350)
      await path.run(120)
    }
    expect(arrivedAppends(path.b).length).toBeGreaterThan(25)
  })
})

describe('a path that carries what its interface says', () => {
  it('is not taken for a narrow one, whatever share of datagrams it loses', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const path = await new Path(1472, seed).start()
      path.cluster.links.conditions.loss = 0.02 * seed
      path.sendToB(1, 40, 20_000)
      await path.untilB(40, 120_000)
      expect(arrivedAppends(path.b)).toHaveLength(40)
      path.cluster.links.conditions.loss = 0
      await path.run(5000)
      path.largest = 0
      path.sendToB(41, 41, 100_000)
      await path.untilB(41, 10_000)
      expect(path.largest, `seed ${seed}`).toBeGreaterThan(1400)
      expect(path.problems).toEqual([])
    }
  })

  it('is not taken for a narrow one when it is cut and heals', async () => {
    const path = await new Path(8972).start()
    path.sendToB(1, 20, 100_000)
    await path.run(20)
    path.cluster.links.conditions.loss = 1
    await path.run(5000)
    path.cluster.links.conditions.loss = 0
    await path.untilB(20, 10_000)
    expect(arrivedAppends(path.b)).toHaveLength(20)
    expect(path.a.transport.counters()).toMatchObject({ datagramSizeReductions: 0, sizeProbesSent: 0 })
  })
})
