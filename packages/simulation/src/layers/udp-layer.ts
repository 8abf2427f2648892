import {
  type DatagramConditions,
  DatagramNetwork,
  type Links,
  type MemberEnvironment,
  type Prng,
  type SimulationContext,
  type TransportLayer,
  type World,
} from '@raft/simulator'
import { type TransportIdentity, UdpTransport } from '@raft/udp-transport'
import { CLUSTER_ID } from './cluster-id.js'
import { deadEnds } from './dead-ends.js'
import { narrowPaths } from './narrow-paths.js'
import { TransportAccounts } from './transport-accounts.js'

const PORT = 7000
/** Ms: datagrams leave at the end of a turn, and are paced. */
const OVERHEAD = 1
/** As long as a key, so that it is one: deriving keys from a passphrase takes real time. */
const SECRET = new Uint8Array(32).fill(7)

export interface UdpLayer extends TransportLayer {
  /** A transport that is not started, of a member that says on which directory it runs. */
  transportWith(environment: MemberEnvironment, identity: TransportIdentity | null): UdpTransport
}

/** The real `UdpTransport` on a simulated network, with datagrams of any size that there is. */
export function udpLayer(context: SimulationContext): UdpLayer {
  const { world, links, random } = context
  const network = networkOf(world, links, random, {})
  narrowPaths(network, context)
  deadEnds(network, context)
  return transportsOn(world, network, random)
}

/** The same on a network that is like this, whatever the seed. */
export function udpLayerWith(conditions: Partial<DatagramConditions>): (context: SimulationContext) => UdpLayer {
  return ({ world, links, random }) => transportsOn(world, networkOf(world, links, random, conditions), random)
}

function networkOf(world: World, links: Links, random: Prng, conditions: Partial<DatagramConditions>): DatagramNetwork {
  return new DatagramNetwork(world, links, { maxDatagramBytes: random.pick([null, 1472, 9000, 65_507]), ...conditions })
}

function transportsOn(world: World, network: DatagramNetwork, random: Prng): UdpLayer {
  const secrets = random.fork('nonces')
  const address = (id: string) => `${id}:${PORT}`
  const accounts = new TransportAccounts(world)
  const transportWith: UdpLayer['transportWith'] = ({ id, incarnation, clock }, identity) => {
    const transport = new UdpTransport({
      id,
      clusterId: CLUSTER_ID,
      bind: `0.0.0.0:${PORT}`,
      secrets: [SECRET],
      socket: network.sockets(incarnation),
      clock: accounts.clock(id, clock),
      randomBytes: (count) => secrets.bytes(count),
      ...(identity === null ? {} : { identity }),
    })
    accounts.watch(id, transport, () => incarnation.isAlive)
    return transport
  }
  return {
    transportWith,
    overhead: OVERHEAD,
    rest: (members) => accounts.rest(members),
    addresses: (id) => ({ peer: address(id) }),
    transport: (environment) => {
      const transport = transportWith(environment, null)
      return {
        transport,
        start: () => transport.start(),
        stop: () => transport.close(),
      }
    },
  }
}
