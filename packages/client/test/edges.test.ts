import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConfigurationError, ProtocolError, type RaftClient, TimeoutError } from '../src/index.js'
import { ErrorCode, RequestKind } from '../src/protocol/index.js'
import { A, B, C, Cluster, outcome } from './support/cluster.js'

let cluster: Cluster
let client: RaftClient
const local = { consistency: 'local' } as const

beforeEach(async () => {
  cluster = new Cluster()
  client = cluster.client()
  const ready = outcome(client.put('first', 0))
  await cluster.clock.run(100)
  expect(ready.settled).toBe(true)
  cluster.received.length = 0
})

afterEach(async () => {
  await client.close()
})

const gets = () => cluster.received.filter(({ kind }) => kind === RequestKind.Get)

/** These members turn local reads away. */
function turnAway(addresses: readonly string[], code: string): void {
  cluster.intercept = (address, request, { endpoint }) => {
    if (request.kind !== RequestKind.Get || !addresses.includes(address)) return false
    endpoint.error(request.id, { outcome: 'notAppended', code, message: 'not now', leader: null })
    return true
  }
}

async function entriesOf(options: Parameters<RaftClient['range']>[0]): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of client.range(options)) keys.push(key)
  return keys
}

describe.each([ErrorCode.Stopping, ErrorCode.Overloaded, ErrorCode.NoLeader])('a local read that is answered with %s', (code) => {
  test('by one member is asked of another at once', async () => {
    turnAway([B, C], code)
    const seen = outcome(client.get('first', local))
    await cluster.clock.run(15)
    expect(seen.value).toBe(0)
    expect(gets()).toHaveLength(3)
  })

  test('by all is asked ever less often', async () => {
    turnAway([A, B, C], code)
    const seen = outcome(client.get('first', local))
    await cluster.clock.run(5_000)
    expect(seen.settled).toBe(false)
    expect(gets().length).toBeLessThan(60)
    cluster.intercept = () => false
    await cluster.clock.run(1_500)
    expect(seen.value).toBe(0)
  })
})

test('waitForLeader ends with its timeout also while members say now that they lead, and now that they do not', async () => {
  cluster.intercept = (address, request, { endpoint }) => {
    if (request.kind !== RequestKind.Status) return false
    const role = request.id === 0 ? 'leader' : 'follower'
    const status = { memberId: 'n1', clusterId: 'test', role, term: 5, leaderId: null, members: [], revision: 0 }
    endpoint.status(request.id, { ...status, commitIndex: 0, appliedIndex: 0 })
    return address !== ''
  }
  const seen = outcome(client.waitForLeader({ timeout: 3_000 }))
  await cluster.clock.run(3_100)
  expect(seen.error).toBeInstanceOf(TimeoutError)
  expect(cluster.received.length).toBeLessThan(100)
})

describe('a range', () => {
  test('has no limit of 0, and none that is no count', async () => {
    for (let i = 0; i < 5; i++) outcome(client.put(`k${i}`, i))
    const all = outcome(entriesOf({ prefix: 'k', limit: 0, pageSize: 2 }))
    await cluster.clock.run(100)
    expect(all.value).toHaveLength(5)
    for (const limit of [Number.NaN, -1, 1.5]) await expect(entriesOf({ limit })).rejects.toThrow(ConfigurationError)
  })

  test('is of the prefix that it was begun with, whatever becomes of those bytes', async () => {
    for (let i = 0; i < 5; i++) outcome(client.put(`k${i}`, i))
    const prefix = Buffer.from('k')
    const seen = outcome(
      (async () => {
        const keys: string[] = []
        for await (const { key } of client.range({ prefix, pageSize: 2 })) {
          keys.push(key)
          prefix.fill('x')
        }
        return keys
      })(),
    )
    await cluster.clock.run(100)
    expect(seen.value).toHaveLength(5)
  })

  test('ends where a member gives the same page again and again', async () => {
    cluster.intercept = (_address, request, { endpoint }) => {
      if (request.kind !== RequestKind.Range) return false
      endpoint.range(request.id, { revision: 1, entries: cluster.store.range({ limit: 1 }).entries, more: true })
      return true
    }
    const seen = outcome(entriesOf({ pageSize: 1 }))
    await cluster.clock.run(1_000)
    expect(seen.error).toBeInstanceOf(ProtocolError)
  })
})

test('a signal that is none is bad input, and nothing is kept of it', async () => {
  await expect(client.get('first', { signal: {} as AbortSignal })).rejects.toThrow(ConfigurationError)
  await expect(client.get('first', { timeout: Number.NaN })).rejects.toThrow(ConfigurationError)
  expect(client.statistics().waiting).toBe(0)
})

test('a member of another cluster is not used, and the error says so', async () => {
  cluster.network.listeners.set('other:1', {
    memberId: 'n9',
    clusterId: 'another',
    onRequest: () => {
      throw new Error('a request went to another cluster')
    },
  })
  const mixed = cluster.client({ members: [A, 'other:1', A] })
  outcome(mixed.waitForLeader())
  await cluster.clock.run(100)
  const status = outcome(mixed.status('other:1'))
  const read = outcome(mixed.get('first', local))
  await cluster.clock.run(100)
  expect(String(status.error)).toMatch(/other:1 is n9 of cluster another, where this client found cluster test before/)
  expect(read.value).toBe(0)
  await mixed.close()
})
