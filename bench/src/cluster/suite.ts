import { fileURLToPath } from 'node:url'
import type { Suite } from '../suite.js'
import { ClusterBench } from './bench.js'
import { groups } from './groups.js'

export interface ClusterSuiteOptions {
  /** 'etcd', or the path of another built checkout of this repository; null: nobody. */
  readonly against: string | null
  /** Groups of measurements by name. Null: all. */
  readonly only: readonly string[] | null
}

export const groupNames: readonly string[] = groups.map(({ name }) => name)

const CLI = fileURLToPath(new URL('./cli.js', import.meta.resolve('@raft/node/local')))

/** Clusters of real processes. */
export function clusterSuite({ against, only }: ClusterSuiteOptions): Suite {
  return {
    name: 'cluster',
    description: 'Whole clusters of real processes, durable and encrypted, alone or beside etcd',
    versions: against === 'etcd' ? ['@grpc/grpc-js'] : [],
    programs: against === 'etcd' ? ['etcd', 'wrk'] : ['wrk'],
    run: async (recorder, options) => {
      const bench = new ClusterBench(recorder, { ...options, cli: CLI, against })
      for (const group of groups) {
        if (only !== null && !only.includes(group.name)) continue
        options.say(`${group.name}: ${group.description}`)
        await group.run(bench)
      }
    },
  }
}
