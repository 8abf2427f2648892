import type { Cluster } from '../cluster/cluster.js'

/** How long a cluster may take once the faults have ended, in election timeouts. */
export interface LivenessBounds {
  /** Until somebody leads, and an operation succeeds. Default 20. */
  readonly recover: number
  /** Until every member has applied everything. Default 20: where messages were lost, a leader's patience may have grown to 16. */
  readonly catchUp: number
  /** For how long nothing may change then. Default 6. */
  readonly calm: number
  /** In ms, for every entry by which one member lags or which it has yet to apply: where windows are tiny, each costs a round trip and two disk accesses. Default 8. */
  readonly perEntry: number
}

const DEFAULTS: LivenessBounds = { recover: 20, catchUp: 20, calm: 6, perEntry: 8 }

/** After the faults: the cluster works again, all catch up, everybody is answered, and nobody campaigns without need. */
export async function checkLiveness<Result, Answer>(cluster: Cluster<Result, Answer>, given: Partial<LivenessBounds>): Promise<void> {
  const { world, workload } = cluster
  const electionTimeout = unitOf(cluster)
  const bounds = { ...DEFAULTS, ...given }
  workload.stop()
  await whenAllAreAwake(cluster)
  await whenNoneStops(cluster, bounds)
  await recover(cluster, bounds)
  await world.run(world.now + (workload.patience ?? 0), () => workload.waiting().length === 0)
  const catchUp = () =>
    world.run(world.now + bounds.catchUp * electionTimeout + lagAllowance(cluster, bounds), () => unsettled(cluster) === null)
  await catchUp()
  const terms = () => cluster.wholeMembers().map(({ node }) => node?.currentTerm ?? 0)
  const before = terms()
  await world.run(world.now + bounds.calm * electionTimeout)
  if (terms().some((term) => term !== before[0]))
    world.violated('calm', `an election of no need: terms ${before} before; ${cluster.glance()}`)
  // Requests that were long on their way may have come meanwhile.
  await catchUp()
  const [oracle, message] = unsettled(cluster) ?? []
  if (oracle !== undefined) world.violated(oracle, message ?? '')
  const waiting = workload.waiting()
  if (waiting.length > 0) world.violated('all are answered', `${waiting.length} are not: ${waiting[0]}`)
}

/** In ms: what lies below the members, a transport for instance, knows nothing of a timeout that is shorter. */
const LEAST_UNIT = 100

function unitOf<Result, Answer>({ electionTimeout }: Cluster<Result, Answer>): number {
  return Math.max(LEAST_UNIT, electionTimeout)
}

async function whenAllAreAwake<Result, Answer>({ world, members }: Cluster<Result, Answer>): Promise<void> {
  await world.run(Math.max(world.now, ...members.map(({ host }) => host.pausedUntil)))
}

/** A member that stops still answers meanwhile: what it does then says nothing of the time after. */
async function whenNoneStops<Result, Answer>(cluster: Cluster<Result, Answer>, { recover }: LivenessBounds): Promise<void> {
  const { world, members } = cluster
  const electionTimeout = unitOf(cluster)
  const stopping = () => members.filter(({ isStopping }) => isStopping).map(({ id }) => id)
  await world.run(world.now + recover * electionTimeout, () => stopping().length === 0)
  if (stopping().length > 0) world.violated('stops', `${stopping()} were asked to stop before the faults ended, and have not yet`)
}

/** Until an operation that is begun now has succeeded. */
async function recover<Result, Answer>(cluster: Cluster<Result, Answer>, bounds: LivenessBounds): Promise<void> {
  const { world, workload } = cluster
  const electionTimeout = unitOf(cluster)
  const since = world.now
  let hasSucceeded = false
  const attempt = () => {
    if (hasSucceeded) return
    workload.probe((isDone) => {
      hasSucceeded ||= isDone
    })
    world.after(electionTimeout / 5, attempt)
  }
  attempt()
  await world.run(since + bounds.recover * electionTimeout + lagAllowance(cluster, bounds), () => hasSucceeded)
  if (!hasSucceeded)
    world.violated('recovers', `nothing succeeds ${Math.round(world.now - since)} ms after the faults: ${cluster.glance()}`)
}

/** The first member that has something to do yet: which promise that breaks, and how. */
function unsettled<Result, Answer>(cluster: Cluster<Result, Answer>): readonly [oracle: string, message: string] | null {
  const { facts } = cluster
  const end = cluster.leader()?.node?.status().lastLogIndex
  for (const { id, node } of cluster.wholeMembers()) {
    const status = node?.status()
    if (status === undefined || status.lastApplied !== end) return ['all catch up', cluster.glance()]
    if (status.pendingProposals > 0 || status.pendingReads > 0 || status.pendingProposalBytes > 0)
      return ['all are answered', `${id}: ${status.pendingProposals} proposals, ${status.pendingReads} reads wait`]
    const { lastIndex } = facts.log(id)
    if (lastIndex !== facts.committedIndex)
      return ['all catch up', `the disk of ${id} ends at ${lastIndex}, where ${facts.committedIndex} is committed`]
  }
  return null
}

/** For the entries that some members have and others have not, and for those that are to be applied, again after a restart. */
function lagAllowance<Result, Answer>(cluster: Cluster<Result, Answer>, { perEntry }: LivenessBounds): number {
  const { facts } = cluster
  const members = cluster.wholeMembers()
  const lengths = members.map(({ id }) => facts.log(id).lastIndex)
  // One that is not up yet has applied nothing behind the log's base, which may be near 2^52.
  const unapplied = members.map(
    ({ id, node }) => facts.log(id).lastIndex - Math.max(facts.log(id).baseIndex, node?.status().lastApplied ?? 0),
  )
  return perEntry * (Math.max(...lengths) - Math.min(...lengths) + Math.max(...unapplied) + 10)
}
