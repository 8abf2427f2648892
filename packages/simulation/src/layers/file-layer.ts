import { FileLogStorage } from '@raft/log-storage'
import { type LogBase, SimulatedDisk, type SimulationContext, type StorageLayer } from '@raft/simulator'
import { CLUSTER_ID } from './cluster-id.js'

const DIRECTORY = '/data'

/** The real `FileLogStorage` on simulated disks, with segments so small that they change often. */
export function fileLayer(context: SimulationContext, base: LogBase): StorageLayer {
  const disks = new Map<string, SimulatedDisk>()
  const random = context.random.fork('stores')
  const segmentBytes = context.random.pick([4096, 4096, 16_384, 262_144])
  return {
    disk: (host) => {
      const disk = new SimulatedDisk(host)
      disks.set(host.id, disk)
      return disk
    },
    storage: ({ id, incarnation }) =>
      new FileLogStorage({
        directory: DIRECTORY,
        clusterId: CLUSTER_ID,
        memberId: id,
        segmentBytes,
        base,
        fileSystem: (disks.get(id) as SimulatedDisk).fileSystem(incarnation),
        randomBytes: (count) => random.bytes(count),
      }),
  }
}
