import type { StateMachine } from '@raft/core'
import { type Applied, DirectClients } from '../clients/direct-clients.js'
import type { StackFactory } from '../cluster/stack.js'
import type { Prng } from '../world/prng.js'
import { MessageNetwork } from './message-network.js'
import { RecordDisk } from './record-disk.js'
import { RecordStorage } from './record-storage.js'

export interface DefaultStackOptions<Machine extends StateMachine> {
  /** A new and empty one. */
  readonly stateMachine: () => Machine
  /** A command, drawn at random. */
  readonly command: (random: Prng) => Uint8Array
  /** What it holds, in a few letters: machines that have applied the same must give the same. */
  readonly digest?: (machine: Machine) => string
  /** Where logs begin, drawn at random. Only for state machines whose `lastApplied` begins there. Default: at 0. */
  readonly base?: { readonly index: number; readonly term: number }
}

/**
 * The real `Node` with somebody's state machine, on a network of whole messages and disks of whole records. In part of the simulations
 * the state machine outlives its process, as one does that stores its state durably.
 */
export function defaultStack<Machine extends StateMachine>(options: DefaultStackOptions<Machine>): StackFactory<unknown, Applied<unknown>> {
  return ({ world, links, random }) => {
    const { stateMachine, command, digest, base = { index: 0, term: 0 } } = options
    const isDurable = random.chance(0.4)
    const network = new MessageNetwork(world, links)
    const disks = new Map<string, RecordDisk>()
    const machines = new Map<string, Machine>()
    const machineOf = (id: string): Machine => {
      const machine = (isDurable ? machines.get(id) : undefined) ?? stateMachine()
      machines.set(id, machine)
      return machine
    }
    return {
      base,
      // Every state machine of this stack is one that it has made.
      ...(digest === undefined ? {} : { digest: (machine) => digest(machine as Machine) }),
      disk: ({ id }) => {
        const disk = new RecordDisk(id, world, base)
        disks.set(id, disk)
        return disk
      },
      member: ({ id, incarnation }) => ({
        storage: new RecordStorage(disks.get(id) as RecordDisk, incarnation),
        transport: network.transport(id, incarnation),
        stateMachine: machineOf(id),
      }),
      answer: (index, result) => ({ index, result }),
      workload: (cluster) => new DirectClients(cluster, command),
    }
  }
}
