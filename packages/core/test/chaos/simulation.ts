import type { Tuning } from '../../src/index.js'
import { Client } from './clients.js'
import { Disk } from './disk.js'
import { Member } from './member.js'
import { Nemesis } from './nemesis.js'
import { SimulatedNetwork } from './network.js'
import { Oracles } from './oracles.js'
import { type Violation, World } from './world.js'

const ELECTION_TIMEOUT = 100
/** After the last fault, within this: a leader, and a command committed by it. */
const RECOVERY_BOUND = 20 * ELECTION_TIMEOUT
/** And this for every entry by which one member lags: where windows are tiny, each costs a round trip and two disk accesses. */
const LAG_ALLOWANCE = 8
/** And within this, from then on: every member has applied everything. */
const CATCH_UP_BOUND = 10 * ELECTION_TIMEOUT
/** Where messages were lost, the leader's patience with a follower may have grown to 16 election timeouts. */
const CATCH_UP_BOUND_AFTER_LOSS = 20 * ELECTION_TIMEOUT
/** Then nothing may change for so long. */
const CALM = 6 * ELECTION_TIMEOUT

export interface Outcome {
  readonly seed: number
  readonly violation: Violation | null
  readonly hash: number
  readonly events: number
  readonly acknowledged: number
  readonly reads: number
  readonly refused: number
  readonly unknown: number
  readonly recoveredIn: number
  readonly caughtUpIn: number
  readonly settings: string
  readonly trace: readonly string[]
}

/** One cluster's life, decided by `seed` alone: harm and work, then an end of the harm, and what must be true then. */
export async function simulate(seed: number, fine = true): Promise<Outcome> {
  const world = new World(seed)
  const { prng } = world
  const size = prng.pick([1, 2, 3, 3, 3, 3, 4, 5, 5, 5])
  const ids = ['a', 'b', 'c', 'd', 'e'].slice(0, size)
  const baseIndex = prng.pick([0, 0, 0, 2 ** 31 - 5, 2 ** 32 - 5, 2 ** 52 - 5])
  const tuning: Partial<Tuning> = {
    electionTimeout: ELECTION_TIMEOUT,
    heartbeatInterval: prng.pick([10, 20, 33]),
    maxAppendBytes: prng.pick([1, 64, 512, 65536]),
    maxInflightBytes: prng.pick([1, 200, 2000, 1e6]),
    maxInflightMessages: prng.pick([1, 2, 8, 256]),
    maxWindowBytes: prng.pick([1, 100, 1000, 1e6]),
    maxApplyBytes: prng.pick([1, 100, 65536]),
  }
  const options = {
    tuning,
    maxPending: prng.pick([5, 50, 1000]),
    maxPendingBytes: prng.pick([100, 5000, 1e6]),
    durableMachine: prng.chance(0.4),
    asyncMachine: prng.chance(0.4),
    drift: prng.pick([0, 0.02, 0.1]),
  }
  const disks = new Map(ids.map((id) => [id, new Disk(world, baseIndex, baseIndex === 0 ? 0 : 3)]))
  const oracles = new Oracles(world, disks, baseIndex, ELECTION_TIMEOUT, fine)
  oracles.maxPending = options.maxPending
  oracles.maxWindowBytes = tuning.maxWindowBytes ?? 0
  const network = new SimulatedNetwork(world)
  const addresses = ids.map((id) => ({ id, addresses: {} }))
  const clients: Client[] = []
  // What a process was asked dies with it.
  const onGone = (member: Member) => {
    for (const client of clients) client.forget(member)
  }
  const members = ids.map((id) => new Member(id, disks.get(id) as Disk, world, network, oracles, addresses, options, onGone))
  network.loss = prng.pick([0, 0, 0.02, 0.1, 0.3])
  network.duplication = prng.pick([0, 0, 0.05, 0.3])
  network.lateness = prng.pick([0, 0, 0.02, 0.2])
  network.delay = prng.pick([0.2, 1, 5])
  network.hints = prng.pick([0, 0.5, 1])
  const catchUpBound = network.loss > 0 ? CATCH_UP_BOUND_AFTER_LOSS : CATCH_UP_BOUND
  for (const member of members) member.start()
  const load = () => ({ pause: prng.between(2, 30), readShare: prng.pick([0.1, 0.4, 0.8]), padding: prng.pick([0, 20, 100]) })
  const clientCount = 1 + prng.below(4)
  while (clients.length < clientCount) clients.push(new Client(world, members, oracles, load()))
  const nemesis = new Nemesis(world, members, network)
  await world.run(prng.between(5, 30) * ELECTION_TIMEOUT)

  nemesis.end()
  for (const client of clients) client.isActive = false
  await world.run(Math.max(world.now, ...members.map(({ pausedUntil, disk }) => Math.max(pausedUntil, disk.busyUntil))))
  const healedAt = world.now
  const recoveredIn = await recover(world, members, clients[0] as Client)
  const recoveredAt = world.now
  const hasCaughtUp = () => {
    const leader = oneLeader(members)
    const end = leader?.node?.status().lastLogIndex
    return members.every(({ node }) => node?.status().lastApplied === end)
  }
  await world.run(world.now + catchUpBound + lagAllowance(members), hasCaughtUp)
  const caughtUpIn = world.now - recoveredAt
  if (!hasCaughtUp()) world.violated('all catch up', members.map(glance).join('; '))
  const term = members[0]?.node?.currentTerm
  await world.run(world.now + CALM)
  checkCalm(world, members, clients, term)
  const { history } = oracles
  return {
    seed,
    violation: world.violation,
    hash: world.trace.hash,
    events: world.events,
    acknowledged: history.acknowledged,
    reads: history.reads,
    refused: history.refused,
    unknown: history.unknown,
    recoveredIn,
    caughtUpIn,
    settings: `${size} members from index ${baseIndex}, healed at ${healedAt.toFixed(1)}, ${JSON.stringify({ ...options, ...network })}`,
    trace: world.trace.lines(),
  }
}

/** Until somebody leads and commits what is proposed now, or answers a read where nothing is. Returns how long that took. */
async function recover(world: World, members: readonly Member[], client: Client): Promise<number> {
  const start = world.now
  let isCommitted = false
  const done = (isAnswered: boolean) => {
    isCommitted ||= isAnswered
  }
  const onlyReads = world.prng.chance(0.5)
  const attempt = () => {
    const leader = oneLeader(members)
    if (leader !== null && onlyReads) client.read(leader, done)
    else if (leader !== null) client.append(leader, done)
    if (!isCommitted) world.after(20, attempt)
  }
  attempt()
  await world.run(start + RECOVERY_BOUND + lagAllowance(members), () => isCommitted)
  if (!isCommitted) world.violated('recovers', `nothing committed in ${world.now - start} ms: ${members.map(glance).join('; ')}`)
  return world.now - start
}

function lagAllowance(members: readonly Member[]): number {
  const lengths = members.map(({ disk }) => disk.lastIndex)
  return LAG_ALLOWANCE * (Math.max(...lengths) - Math.min(...lengths) + 10)
}

function checkCalm(world: World, members: readonly Member[], clients: readonly Client[], term: number | undefined): void {
  if (world.violation !== null) return
  if (members.some(({ node }) => node?.currentTerm !== term)) {
    world.violated('calm', `an election of no need: term ${term} before, and ${members.map(glance).join('; ')}`)
  }
  for (const { id, node, disk } of members) {
    const status = node?.status()
    if (status === undefined || status.pendingProposals > 0 || status.pendingReads > 0 || status.pendingProposalBytes > 0) {
      world.violated('all are answered', `${id}: ${status?.pendingProposals} proposals, ${status?.pendingReads} reads wait`)
    }
    if (disk.lastIndex !== members[0]?.disk.lastIndex) world.violated('all catch up', `the disk of ${id} ends at ${disk.lastIndex}`)
  }
  const unanswered = clients.flatMap((client) => client.unanswered)
  const one = unanswered[0]
  if (one !== undefined) world.violated('all are answered', `${unanswered.length} are not: ${one.kind} ${one.number} at ${one.by}`)
}

/** The leader of the highest term, when it is one. */
function oneLeader(members: readonly Member[]): Member | null {
  const highest = Math.max(...members.map(({ node }) => node?.currentTerm ?? 0))
  return members.find(({ node }) => node?.role === 'leader' && node.currentTerm === highest) ?? null
}

function glance({ id, node, isDown }: Member): string {
  if (node === null || isDown) return `${id} is down`
  const { role, currentTerm, commitIndex, lastApplied, lastLogIndex, durableIndex } = node.status()
  return `${id} ${role} of ${currentTerm}: log ${lastLogIndex}, durable ${durableIndex}, committed ${commitIndex}, applied ${lastApplied}`
}
