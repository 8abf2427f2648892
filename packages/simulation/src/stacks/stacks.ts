import { diskLosses, listStack, listStackOf } from '@raft/simulator'
import { fileLayer } from '../layers/file-layer.js'
import { TOO_LARGE } from '../layers/narrow-paths.js'
import { udpLayer } from '../layers/udp-layer.js'
import { serverStack } from '../server/server-stack.js'
import { type NamedStack, namedStack } from './named-stack.js'

/** What a directory may come to, often, and what comes between: members that do not hear of it, and processes that end at any time. */
const DIRECTORY_FAULTS = [
  ...['wipe', 'wipe', 'rollBack', 'rollBack', 'rollBack'],
  ...['crash', 'crashLeader', 'crashWhileWriting', 'crashAll', 'kill', 'killAll', 'stop', 'pause'],
  ...[
    'split',
    'isolateLeader',
    'deaf',
    'mute',
    'cutOneLink',
    'flap',
    'storm',
    'slowDisk',
    'stallDisk',
    'writeErrors',
    'syncErrors',
    'openErrors',
  ],
]

/** What may come while a member stops and another process is started on its directory. */
const START_FAULTS = [
  ...['startTwice', 'startTwice', 'startTwice', 'startTwice', 'stop'],
  ...['crash', 'crashWhileWriting', 'crashAll', 'kill', 'killAll', 'pause', 'split', 'isolateLeader', 'leaderAndOne', 'mend'],
  ...['slowDisk', 'slowLeadersDisk', 'stallDisk', 'fillDisk', 'writeErrors', 'syncErrors', 'openErrors'],
]

/** As it is counted where a process had none left for a file. */
const NO_DESCRIPTOR = 'no descriptor'

/** What can be simulated, by name. */
export const stacks: readonly NamedStack[] = [
  namedStack({
    name: 'core',
    description: 'the node with a replicated list, on a network of whole messages and disks of whole records',
    stack: listStack,
  }),
  namedStack({
    name: 'storage',
    description: 'the same with FileLogStorage, on disks of sectors, files and directories',
    stack: listStackOf({ storage: fileLayer }),
    faults: [...diskLosses, NO_DESCRIPTOR],
    sometimes: ['noDescriptors'],
  }),
  namedStack({
    name: 'starts',
    description: 'the same as storage, where somebody starts a second process on the directory of a member that stops',
    stack: listStackOf({ storage: fileLayer }),
    kinds: START_FAULTS,
    faults: [...diskLosses, NO_DESCRIPTOR, 'second process'],
    sometimes: ['noDescriptors'],
  }),
  namedStack({
    name: 'transport',
    description: 'the node with a replicated list and UdpTransport, on a network of sealed datagrams',
    stack: listStackOf({ transport: udpLayer }),
    faults: [TOO_LARGE],
  }),
  namedStack({
    name: 'server',
    description: 'all that runs in production, with its clients',
    stack: serverStack,
    faults: [...diskLosses, NO_DESCRIPTOR, TOO_LARGE, 'hang'],
    sometimes: ['noDescriptors'],
    // Clients find out first that their connections are dead, and systems send again ever more rarely.
    liveness: { recover: 40 },
  }),
  namedStack({
    name: 'directories',
    description: 'the same, with members that lose their disks, or are started on older copies of them',
    stack: serverStack,
    kinds: DIRECTORY_FAULTS,
    faults: [...diskLosses, NO_DESCRIPTOR, 'older disk'],
    sometimes: ['noDescriptors'],
    liveness: { recover: 40 },
  }),
]

/** @throws Error that says what there is */
export function stackNamed(name: string): NamedStack {
  const stack = stacks.find((one) => one.name === name)
  if (stack === undefined) throw new Error(`there is no stack "${name}": expected ${stacks.map((one) => one.name).join(' or ')}`)
  return stack
}
