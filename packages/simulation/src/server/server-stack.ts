import { bytes, RaftClient } from '@raft/client'
import type { StoreResult } from '@raft/commands'
import { RunningParts } from '@raft/node/endpoint'
import {
  CommandOutcomes,
  HandoverReaders,
  Host,
  isPlain,
  type LifeEnvironment,
  type MemberLife,
  plainCharacter,
  type StackFactory,
  StreamNetwork,
} from '@raft/simulator'
import { KeyValueStore } from '@raft/state-machine'
import { Directories } from '../layers/directories.js'
import { fileLayer } from '../layers/file-layer.js'
import { udpLayer } from '../layers/udp-layer.js'
import type { StoreClient } from '../workload/calls.js'
import { KeyValueWorkload } from '../workload/key-value-workload.js'
import { Punctuality } from '../workload/punctuality.js'
import { Accounts } from './accounts.js'
import { EmbeddedClient, type HostedService } from './embedded-client.js'
import { HangingMembers } from './hanging-members.js'
import { MemberClients } from './member-clients.js'
import { RepeatedCalls } from './repeated-calls.js'
import { CLIENT_PORT, type MemberHoldings, STOP_TIMEOUT, servedMember } from './served-member.js'
import { StoreAccounts } from './store-accounts.js'

/** In ms, in proportion to elections that take a tenth of a second. */
const TIMEOUTS = { requestTimeout: 2000, connectTimeout: 200, silenceTimeout: 1000, maxBackoff: 200 }
/** Reads of several pages may take as many timeouts. */
const PATIENCE = 5 * TIMEOUTS.requestTimeout
/** Clients join with their hosts, and none has more. */
const CLIENT_HOSTS = 8

/** A member that takes clients. */
interface Served extends HostedService {
  readonly holdings: () => MemberHoldings
}

/**
 * All that runs in production, byte for byte: `Node`, `FileLogStorage`, `UdpTransport`, `KeyValueStore`, the server's endpoint, and
 * clients that use them through `RaftClient`, or embedded in a member that carries their requests to the leader.
 */
export const serverStack: StackFactory<StoreResult> = (context) => {
  const { world, links, random, memberIds, character = plainCharacter } = context
  const storages = fileLayer(context, { index: 0, term: 0 })
  const transports = udpLayer(context)
  const boots = random.fork('boots')
  const directories = new Directories(
    storages,
    transports,
    (count) => boots.bytes(count),
    (oracle, message) => world.violated(oracle, message),
  )
  const streams = new StreamNetwork(world, links)
  const clients = Array.from({ length: CLIENT_HOSTS }, (_, i) => new Host(`c${i + 1}`, world))
  for (const { id } of clients) links.join(id)
  const address = (id: string) => `${id}:${CLIENT_PORT}`

  const storeAccounts = new StoreAccounts((message) => world.violated('a store holds what it counts', message))
  /** The stores of the members that run. */
  const stores = new Map<string, KeyValueStore>()
  /** What runs on the members now. */
  const groups = new Map<string, Served>()
  const accounts = new Accounts(world, () => [...groups].map(([id, { holdings }]) => [id, holdings()] as const))
  const punctuality = new Punctuality((message) => world.violated('calls end at their deadline', message))
  const embedded: { readonly client: EmbeddedClient; readonly homes: () => readonly string[] }[] = []
  /** How many clients are embedded in members; the others have hosts of their own. */
  const embeddedShare = random.pick([0, 0.3, 1])

  const embed = (): StoreClient => {
    const id = random.pick(memberIds)
    // Its application is moved to another member where this one is out of the cluster for good.
    const home = () => (directories.isRefused(id) ? (memberIds.find((other) => !directories.isRefused(other)) ?? id) : id)
    const client = new EmbeddedClient(() => groups.get(home()) ?? null, TIMEOUTS.requestTimeout, punctuality)
    accounts.addEmbedded(id, client)
    embedded.push({ client, homes: () => [id, home()] })
    return client
  }

  const connectFrom = (host: Host, members: readonly string[], chance: () => number): RaftClient<Uint8Array> => {
    const incarnation = host.begin()
    const client = new RaftClient({
      members: members.map(address),
      codec: bytes,
      ...TIMEOUTS,
      connector: streams.connector(incarnation),
      clock: host.clock.of(incarnation, (callback) => world.after(0, incarnation.bind(callback))),
      random: chance,
    })
    accounts.addClient(host.id, client)
    return client
  }

  /** Whether all have one client, with many requests under way over one connection. */
  const isShared = !isPlain(character) && random.fork('sharing').chance(0.5)
  let shared: StoreClient | null = null

  const connect = (id: string, chance: () => number): StoreClient => {
    if (isShared && shared !== null) return shared
    if (random.chance(embeddedShare)) return embed()
    const host = clients.find((one) => one.id === id)
    if (host === undefined) throw new Error(`client ${id} has no host`)
    shared = connectFrom(host, memberIds, chance)
    return shared
  }

  const ofMembers = new MemberClients({
    serviceOf: (id) => groups.get(id) ?? null,
    connect: (id) => {
      const host = new Host(`of ${id}`, world)
      links.join(host.id)
      return connectFrom(host, [id], random.fork(host.id).next)
    },
    requestTimeout: TIMEOUTS.requestTimeout,
    punctuality,
    random: random.fork('clients of members'),
  })

  /** Who calls what may be sent again, from a host of its own. */
  const repeatedCalls = (outcomes: CommandOutcomes): RepeatedCalls => {
    const host = new Host('repeats', world)
    links.join(host.id)
    const own = random.fork(host.id)
    const client = connectFrom(host, memberIds, own.fork('client').next)
    const { requestTimeout } = TIMEOUTS
    const clock = host.clock.of(host.incarnation ?? host.begin(), (callback) => world.after(0, callback))
    return new RepeatedCalls({ client, clock, random: own, outcomes, punctuality, requestTimeout })
  }

  const member = (environment: LifeEnvironment<StoreResult>): MemberLife<StoreResult> => {
    const { id } = environment
    const store = new KeyValueStore()
    stores.set(id, store)
    const { transport, storage, fate, start, stop } = directories.begin(environment)
    const { group, entrance, holdings } = servedMember({
      environment,
      ports: { transport, storage, stateMachine: store },
      fate,
      streams,
      onProtocolError: (error) => world.violated('clients keep to the protocol', `${id}: ${error.message}`),
    })
    const parts = new RunningParts()
    parts.add(stop)
    return {
      node: group.node,
      start: async () => {
        await start()
        await group.begin(parts, entrance)
        groups.set(id, { service: group.service, clock: environment.clock, holdings })
      },
      stop: () => parts.end(STOP_TIMEOUT),
    }
  }

  return {
    cost: { diskOperations: storages.diskOperations ?? 1, overhead: 1 + (transports.overhead ?? 0) },
    addresses: (id) => ({ ...transports.addresses?.(id), client: address(id) }),
    disk: (host) => storages.disk(host),
    isRemembered: (id, by) => directories.isRemembered(id, by),
    member,
    rest: (members) => transports.rest?.(members) ?? accounts.unfinished(),
    answer: (_index, result) => result as StoreResult,
    digest: (machine) => {
      storeAccounts.look(machine as KeyValueStore)
      return (machine as KeyValueStore).digest()
    },
    workload: (cluster) => {
      const hanging = new HangingMembers({
        cluster,
        world,
        links,
        streams,
        random: random.fork('hanging members'),
        addresses: memberIds.map(address),
        timeouts: TIMEOUTS,
        punctuality,
        accounts,
        serves: (id) => groups.has(id),
      })
      const outcomes = new CommandOutcomes(cluster.facts)
      const repeats = !isPlain(character) && random.fork('repeated calls').chance(0.5) ? repeatedCalls(outcomes) : null
      const people = new Host('people', world)
      const workload = new KeyValueWorkload({
        connect,
        clock: people.clock.of(people.begin(), (callback) => world.after(0, callback)),
        random: random.fork('workload'),
        onViolation: (oracle, message) => world.violated(oracle, message),
        note: (what, ...parts) => world.note(what, ...parts),
        outcomes,
        punctuality,
        requestTimeout: TIMEOUTS.requestTimeout,
      })
      const operate = (kind: 'write' | 'read', id: string) =>
        workload.operateAs({ id: `client of ${id}`, client: ofMembers.any(id) }, kind, () => {})
      const readers = character.handovers
        ? new HandoverReaders(cluster, random.fork('handovers'), (kind, { id }) => operate(kind, id))
        : null
      return {
        patience: PATIENCE,
        operate: (kind, id, done) => workload.operateAs({ id: `client in ${id}`, client: ofMembers.embedded(id) }, kind, done),
        start: () => {
          workload.start()
          hanging.start()
          repeats?.start()
          accounts.start()
          readers?.start()
        },
        stop: () => {
          workload.stop()
          hanging.stop()
          repeats?.stop()
          readers?.stop()
        },
        waiting: () => workload.waiting(),
        probe: (done) => workload.probe(done),
        onEnded: (id) => {
          groups.delete(id)
          stores.delete(id)
          ofMembers.ended(id)
          for (const { client, homes } of embedded) if (homes().includes(id)) client.ended()
        },
        finish: () => {
          workload.finish()
          if (world.violation === null && workload.waiting().length === 0) accounts.finish()
          for (const [id, store] of stores) storeAccounts.finish(id, store)
          const { ok, failed, unknown, undecided } = workload.counts
          world.count('operations answered', ok)
          world.count('operations refused', failed)
          world.count('outcomes unknown', unknown)
          world.count('histories undecided', undecided)
        },
      }
    },
  }
}
