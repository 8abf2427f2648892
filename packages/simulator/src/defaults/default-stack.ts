import { Node, type StateMachine } from '@raft/core'
import { type Applied, DirectClients } from '../clients/direct-clients.js'
import type { LogBase, SimulationContext, StackFactory, StorageLayer, TransportLayer } from '../cluster/stack.js'
import type { Prng } from '../world/prng.js'
import { messageLayer } from './message-network.js'
import { recordLayer } from './record-storage.js'

/** Ms that a client's operation takes of the turns of members. */
const OVERHEAD = 0.5

export interface DefaultStackOptions<Machine extends StateMachine> {
  /** A new and empty one. */
  readonly stateMachine: () => Machine
  /** A command, drawn at random. */
  readonly command: (random: Prng) => Uint8Array
  /** What it holds, in a few letters: machines that have applied the same must give the same. */
  readonly digest?: (machine: Machine) => string
  /** Where logs begin, drawn at random. Only for state machines whose `lastApplied` begins there. Default: at 0. */
  readonly base?: LogBase
  /** Default: disks of whole records. */
  readonly storage?: (context: SimulationContext, base: LogBase) => StorageLayer
  /** Default: a network of whole messages. */
  readonly transport?: (context: SimulationContext) => TransportLayer
}

/**
 * The real `Node` with somebody's state machine; where no other layers are given, on a network of whole messages and disks of whole
 * records. In part of the simulations the state machine outlives its process, as one does that stores its state durably.
 */
export function defaultStack<Machine extends StateMachine>(options: DefaultStackOptions<Machine>): StackFactory<unknown, Applied<unknown>> {
  return (context) => {
    const { stateMachine, command, digest, base = { index: 0, term: 0 }, storage = recordLayer, transport = messageLayer } = options
    const isDurable = context.random.chance(0.4)
    const storages = storage(context, base)
    const transports = transport(context)
    const cost = { diskOperations: storages.diskOperations ?? 1, overhead: OVERHEAD + (transports.overhead ?? 0) }
    const machines = new Map<string, Machine>()
    const machineOf = (id: string): Machine => {
      const machine = (isDurable ? machines.get(id) : undefined) ?? stateMachine()
      machines.set(id, machine)
      return machine
    }
    const { openBeside } = storages
    return {
      base,
      ...(openBeside === undefined ? {} : { openBeside }),
      // Every state machine of this stack is one that it has made.
      ...(digest === undefined ? {} : { digest: (machine) => digest(machine as Machine) }),
      addresses: (id) => transports.addresses?.(id) ?? {},
      disk: (host) => storages.disk(host),
      member: (environment) => {
        const { transport, start, stop } = transports.transport(environment)
        const storage = storages.storage(environment)
        const node = new Node(environment.nodeOptions({ transport, storage, stateMachine: machineOf(environment.id) }))
        return {
          node,
          start: async () => {
            // Not awaited where there is nothing to wait for: the process does what it can at once.
            if (start !== undefined) await start()
            await node.start()
          },
          stop: async () => {
            await node.stop()
            await stop?.()
          },
        }
      },
      cost,
      rest: (members) => transports.rest?.(members),
      answer: (index, result) => ({ index, result }),
      workload: (cluster) => new DirectClients(cluster, command),
    }
  }
}
