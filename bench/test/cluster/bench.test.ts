import { describe, expect, test } from 'vitest'
import { ClusterBench } from '../../src/cluster/bench.js'
import { LoadFailedError } from '../../src/cluster/load-failed-error.js'
import type { Subject } from '../../src/cluster/subject.js'
import { Recorder } from '../../src/recorder.js'

const [ours, etcd] = ['raft', 'etcd'].map((name) => ({ name }) as Subject) as [Subject, Subject]

/** Who was measured, in this order, where `fail` says who fails, and how. */
async function measured(fail: (name: string, count: number) => Error | null): Promise<{ order: string[]; said: string[] }> {
  const said: string[] = []
  const order: string[] = []
  const options = { rounds: 3, duration: 1, directory: '', cli: '', against: 'etcd', say: (line: string) => said.push(line) }
  await new ClusterBench(new Recorder(), options).rounds([ours, etcd], async ({ name }) => {
    order.push(name)
    const error = fail(name, order.length)
    if (error !== null) throw error
  })
  return { order, said }
}

describe('rounds', () => {
  test('take turns', async () => {
    expect((await measured(() => null)).order).toEqual(['raft', 'etcd', 'raft', 'etcd', 'raft', 'etcd'])
  })

  test('go on without the other side where its operations fail, and say so', async () => {
    const { order, said } = await measured((name) => (name === 'etcd' ? new LoadFailedError('timed out') : null))
    expect(order).toEqual(['raft', 'etcd', 'raft', 'raft'])
    expect(said).toEqual(['etcd: not measured: timed out'])
  })

  test('end where operations of ours fail, or anything else goes wrong', async () => {
    await expect(measured((name) => (name === 'raft' ? new LoadFailedError('no leader') : null))).rejects.toThrow('no leader')
    await expect(measured((name) => (name === 'etcd' ? new Error('wrk is not installed') : null))).rejects.toThrow('wrk is not')
  })
})
