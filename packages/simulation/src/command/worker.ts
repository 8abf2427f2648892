import { Statistics } from '@raft/simulator'
import { stackNamed } from '../stacks/stacks.js'
import type { WorkerReport, WorkerTask } from './batch.js'

/** Reports so often, in real ms. */
const REPORT_EVERY = 1000

/** A process that simulates the seeds that it is told to. */
process.once('message', (task: WorkerTask) => {
  void work(task).then(() => {
    send({ type: 'ended' })
    process.disconnect()
  })
})

async function work({ stack, shape, from, step, end, budget }: WorkerTask): Promise<void> {
  const startedAt = performance.now()
  const named = stackNamed(stack)
  let statistics = new Statistics(named.faults)
  let reportedAt = startedAt
  let last = from
  const flush = () => {
    send({ type: 'done', statistics: statistics.toJSON(), last })
    statistics = new Statistics(named.faults)
    reportedAt = performance.now()
  }
  for (let seed = from; seed < end && performance.now() - startedAt < budget; seed += step) {
    const outcome = await named.simulate({ seed, ...shape })
    statistics.add(outcome)
    last = seed
    if (outcome.violation !== null) {
      flush()
      send({ type: 'failed', seed })
      return
    }
    if (performance.now() - reportedAt > REPORT_EVERY) flush()
  }
  flush()
}

function send(report: WorkerReport): void {
  process.send?.(report)
}
