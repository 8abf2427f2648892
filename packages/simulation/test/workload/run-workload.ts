import { KeyValueWorkload } from '../../src/workload/key-value-workload.js'
import type { Mix } from '../../src/workload/mix.js'
import { type Defects, FakeCluster } from './fake-cluster.js'

export interface Ran {
  readonly workload: KeyValueWorkload
  readonly cluster: FakeCluster
  readonly violations: readonly { readonly oracle: string; readonly message: string }[]
  /** What was told for the trace. */
  readonly notes: readonly string[]
}

/** A workload on a fake cluster, for so many virtual ms, and then as long as it takes to answer what is open. */
export async function runWorkload(seed: number, ms: number, mix: Partial<Mix> = {}, defects: Defects = {}): Promise<Ran> {
  const cluster = new FakeCluster(seed, defects)
  const violations: { oracle: string; message: string }[] = []
  const notes: string[] = []
  const workload = new KeyValueWorkload({
    connect: cluster.client,
    clock: cluster.clock,
    random: cluster.world.random('workload'),
    mix,
    onViolation: (oracle, message) => violations.push({ oracle, message }),
    note: (...parts) => notes.push(`${cluster.world.now} ${parts.join(' ')}`),
  })
  workload.start()
  await cluster.world.run(ms)
  workload.stop()
  await cluster.world.run(ms + 20_000, () => workload.waiting().length === 0)
  workload.finish()
  await workload.close()
  return { workload, cluster, violations, notes }
}
