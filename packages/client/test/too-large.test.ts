import { afterEach, beforeEach, expect, test } from 'vitest'
import { bytes, CommandTooLargeError, OutcomeUnknownError, RaftClient } from '../src/index.js'
import { RequestKind } from '../src/protocol/index.js'
import { A, B, Cluster, outcome } from './support/cluster.js'

let cluster: Cluster
let client: RaftClient<Uint8Array>

beforeEach(() => {
  cluster = new Cluster()
  cluster.network.limits.set(A, { maxRequestBytes: 1_000 })
  client = new RaftClient({ members: [A, B], codec: bytes, connector: cluster.network, clock: cluster.clock, random: () => 0.5 })
})

afterEach(async () => {
  await client.close()
})

const writes = () => cluster.received.filter(({ kind }) => kind === RequestKind.Write)

test('a request over the limit of the member is refused before it is sent, and the calls beside it are not touched', async () => {
  const calls = [10, 2_000, 20, 3_000, 30].map((length) => outcome(client.put('k', Buffer.alloc(length))))
  await cluster.clock.run(1_000)
  expect(calls.map(({ error }) => error?.constructor)).toEqual([
    undefined,
    CommandTooLargeError,
    undefined,
    CommandTooLargeError,
    undefined,
  ])
  expect(calls[1]?.error).toMatchObject({ code: 'RAFT_COMMAND_TOO_LARGE', outcomeUnknown: false })
  expect(writes()).toHaveLength(3)
  expect(client.statistics()).toMatchObject({ disconnects: 0, pending: 0, pendingBytes: 0, waiting: 0, waitingBytes: 0 })
})

test('of an idempotent write that may have taken effect before, a member with a lower limit makes nothing certain', async () => {
  cluster.network.limits.set(A, { maxRequestBytes: 10_000 })
  cluster.network.limits.set(B, { maxRequestBytes: 1_000 })
  cluster.intercept = (address, { kind }) => {
    if (kind !== RequestKind.Write || address !== A) return false
    cluster.elect(B)
    cluster.kill(A)
    return true
  }
  const call = outcome(client.put('k', Buffer.alloc(5_000), { idempotent: true }))
  await cluster.clock.run(5_000)
  expect(call.error).toBeInstanceOf(OutcomeUnknownError)
  expect(writes().map(({ address }) => address)).toEqual([A])
})

test('what no member takes is refused at once', async () => {
  const call = outcome(
    client.transaction({ success: Array.from({ length: 2 }, () => ({ type: 'put', key: 'k', value: Buffer.alloc(40 * 1024 * 1024) })) }),
  )
  await cluster.clock.run(0)
  expect(call.error).toBeInstanceOf(CommandTooLargeError)
  expect(cluster.network.attempts).toEqual([])
})
