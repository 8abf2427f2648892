import { DatagramNetwork, type MemberEnvironment, type SimulationContext, type TransportLayer } from '@raft/simulator'
import { type TransportIdentity, UdpTransport } from '@raft/udp-transport'
import { CLUSTER_ID } from './cluster-id.js'

const PORT = 7000
/** As long as a key, so that it is one: deriving keys from a passphrase takes real time. */
const SECRET = new Uint8Array(32).fill(7)

/** The real `UdpTransport` on a simulated network, with datagrams of any size that there is. */
export interface UdpLayer extends TransportLayer {
  /** A transport that is not started, of a member that says on which directory it runs. */
  transportWith(environment: MemberEnvironment, identity: TransportIdentity | null): UdpTransport
}

export function udpLayer({ world, links, random }: SimulationContext): UdpLayer {
  const network = new DatagramNetwork(world, links, { maxDatagramBytes: random.pick([null, 1472, 9000, 65_507]) })
  const secrets = random.fork('nonces')
  const address = (id: string) => `${id}:${PORT}`
  const transportWith: UdpLayer['transportWith'] = ({ id, incarnation, clock }, identity) =>
    new UdpTransport({
      id,
      clusterId: CLUSTER_ID,
      bind: `0.0.0.0:${PORT}`,
      secrets: [SECRET],
      socket: network.sockets(incarnation),
      clock,
      randomBytes: (count) => secrets.bytes(count),
      ...(identity === null ? {} : { identity }),
    })
  return {
    transportWith,
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
