import { defaultTuning } from '@raft/core'
import { type Applied, Cluster, calmConditions, Links, listStackOf, type SimulatedMember, type Workload, World } from '@raft/simulator'
import { udpLayerWith } from '../layers/udp-layer.js'

/** How a leader goes. */
export type Loss =
  /** Its process is killed: the system answers that nobody listens. */
  | 'killed'
  /** Its machine is gone: nobody answers. */
  | 'silent'
  /** Its process is killed, and another one is there in its place 50 ms later. */
  | 'restarted'

export interface FailOver {
  readonly seed: number
  readonly loss: Loss
  /** Mean ms on the way from one member to another. */
  readonly delay: number
  readonly members: number
}

export interface Measured {
  /** From the loss to the first write after it that was acknowledged, in ms. */
  readonly duration: number
  /** By how many terms the cluster went on: more than one where an election was in vain. */
  readonly terms: number
}

type LeadingNode = NonNullable<SimulatedMember<unknown, Applied<unknown>>['node']>

/** The cluster has elected somebody and is quiet again by then; in ms. */
const WARM_UP = 900
/** For how long there are writes before the loss, in ms. */
const WRITES_BEFORE = 20
const LONGEST = 60_000
const RESTART_AFTER = 50
/** Between a write's answer and the next write. */
const PAUSE = 1

/** The writer comes from here, and nobody else. */
const NO_WORKLOAD: Workload = { start: () => {}, stop: () => {}, waiting: () => [], probe: () => {}, finish: () => {} }

/** One cluster with the default tuning and the real UDP transport, with a client that writes one thing after the other, and one leader that is lost. */
export async function measureFailOver({ seed, loss, delay, members }: FailOver): Promise<Measured> {
  const world = new World(seed)
  const random = world.random('fail-over')
  const memberIds = Array.from({ length: members }, (_, i) => String.fromCharCode(97 + i))
  const links = new Links(world, memberIds)
  Object.assign(links.conditions, calmConditions, { delay })
  const layer = udpLayerWith({ refusals: loss === 'silent' ? 0 : 1, readingDelay: 0 })
  const lists = listStackOf({ transport: layer })({ world, links, random: world.random('stack'), memberIds })
  const stack = { ...lists, workload: () => NO_WORKLOAD }
  const settings = { memberIds, tuning: defaultTuning, maxPending: 1000, maxPendingBytes: 1e6, isAsync: false, keepsOldDisks: false }
  const cluster = new Cluster(world, links, stack, settings)
  for (const { host } of cluster.members) host.clock.jump(random.between(0, 1e6))
  for (const member of cluster.members) member.start()
  const writer = new Writer(cluster)
  await world.run(WARM_UP + random.between(0, 200))
  await world.run(LONGEST, () => cluster.leader() !== null)
  writer.start()
  await world.run(world.now + WRITES_BEFORE)
  const leader = cluster.leader()
  if (leader === null) throw new Error(`seed ${seed}: nobody leads after ${world.now} ms`)
  const before = leader.node?.currentTerm ?? 0
  const lostAt = world.now
  leader.kill()
  if (loss === 'restarted') world.after(RESTART_AFTER, () => leader.start())
  await world.run(lostAt + LONGEST, () => writer.acknowledgedAfter(lostAt))
  if (world.violation !== null) throw new Error(`seed ${seed}: ${world.violation.oracle}: ${world.violation.message}`)
  return { duration: world.now - lostAt, terms: (cluster.leader()?.node?.currentTerm ?? 0) - before }
}

/** Writes one thing after the other, at the node that says that it leads. */
class Writer {
  readonly #cluster: Cluster<unknown, Applied<unknown>>
  /** The node that has been asked and has not answered. */
  #asked: LeadingNode | null = null
  /** When the last write that was acknowledged had begun. */
  #acknowledged = Number.NEGATIVE_INFINITY

  constructor(cluster: Cluster<unknown, Applied<unknown>>) {
    this.#cluster = cluster
  }

  acknowledgedAfter(time: number): boolean {
    return this.#acknowledged > time
  }

  start(): void {
    const node = this.#cluster.leader()?.node ?? null
    if (node !== this.#asked) {
      this.#asked = node
      if (node !== null) this.#write(node)
    }
    this.#cluster.world.after(PAUSE, () => this.start())
  }

  #write(node: LeadingNode): void {
    const begunAt = this.#cluster.world.now
    node.submit(new Uint8Array(16), (error) => {
      if (error === null) this.#acknowledged = Math.max(this.#acknowledged, begunAt)
      if (this.#asked === node) this.#asked = null
    })
  }
}
