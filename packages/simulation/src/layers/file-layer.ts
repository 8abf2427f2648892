import { FileLogStorage, type FileSystem, StorageInUseError } from '@raft/log-storage'
import {
  type Incarnation,
  type LogBase,
  type MemberEnvironment,
  SimulatedDisk,
  type SimulationContext,
  type StorageLayer,
} from '@raft/simulator'
import { CLUSTER_ID } from './cluster-id.js'

export const DIRECTORY = '/data'
/** At most, of one write: where it begins a segment, files are made, filled, named and synced before. */
const DISK_OPERATIONS = 12

export interface FileLayer extends StorageLayer {
  storage(environment: MemberEnvironment): FileLogStorage
  /** The files that the member's process sees. */
  fileSystem(environment: { readonly id: string; readonly incarnation: Incarnation }): FileSystem
}

/** The real `FileLogStorage` on simulated disks, with segments so small that they change often. */
export function fileLayer(context: SimulationContext, base: LogBase): FileLayer {
  const disks = new Map<string, SimulatedDisk>()
  const random = context.random.fork('stores')
  const segmentBytes = context.random.pick([4096, 4096, 16_384, 262_144])
  const fileSystem: FileLayer['fileSystem'] = ({ id, incarnation }) => (disks.get(id) as SimulatedDisk).fileSystem(incarnation)
  const storage: FileLayer['storage'] = ({ id, incarnation, clock }) =>
    new FileLogStorage({
      directory: DIRECTORY,
      clusterId: CLUSTER_ID,
      memberId: id,
      segmentBytes,
      base,
      fileSystem: fileSystem({ id, incarnation }),
      clock,
      randomBytes: (count) => random.bytes(count),
    })
  return {
    fileSystem,
    diskOperations: DISK_OPERATIONS,
    disk: (host) => {
      const disk = new SimulatedDisk(host)
      disks.set(host.id, disk)
      return disk
    },
    storage,
    openBeside: async (environment) => {
      const second = storage(environment)
      try {
        await second.open()
      } catch (error) {
        if (error instanceof StorageInUseError) return 'in use'
        throw error
      }
      await second.close()
      return 'opened'
    },
  }
}
