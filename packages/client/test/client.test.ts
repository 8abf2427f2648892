import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConfigurationError, type Key, KeyError, RaftClient, RefusedError, type Transaction, ValueError } from '../src/index.js'
import { RequestKind } from '../src/protocol/index.js'
import { A, B, C, Cluster, outcome } from './support/cluster.js'

let cluster: Cluster
let client: RaftClient

beforeEach(() => {
  cluster = new Cluster()
  client = cluster.client()
})

afterEach(async () => {
  await client.close()
})

async function done<T>(promise: Promise<T>): Promise<T> {
  const seen = outcome(promise)
  await cluster.clock.run(1_000)
  expect(seen.settled).toBe(true)
  return promise
}

describe('calls', () => {
  test('put, get, getEntry and delete', async () => {
    expect(await done(client.get('a'))).toBeUndefined()
    expect(await done(client.put('a', { x: 1 }))).toEqual({ type: 'put', revision: 1, createRevision: 1, modRevision: 1, version: 1 })
    expect(await done(client.put('a', { x: 2 }))).toEqual({ type: 'put', revision: 2, createRevision: 1, modRevision: 2, version: 2 })
    expect(await done(client.get('a'))).toEqual({ x: 2 })
    expect(await done(client.getEntry('a'))).toMatchObject({ key: 'a', value: { x: 2 }, createRevision: 1, modRevision: 2, version: 2 })
    expect(await done(client.delete('a'))).toEqual({ type: 'delete', revision: 3, deleted: true })
    expect(await done(client.delete('a'))).toEqual({ type: 'delete', revision: 4, deleted: false })
    expect(await done(client.getEntry('a'))).toBeNull()
  })

  test('compareAndSet that loses is a result, with the revision to try again with', async () => {
    expect(await done(client.compareAndSet('a', 0, 'x'))).toEqual({ type: 'compareAndSet', revision: 1, succeeded: true, modRevision: 1 })
    expect(await done(client.compareAndSet('a', 0, 'y'))).toEqual({ type: 'compareAndSet', revision: 2, succeeded: false, modRevision: 1 })
    expect(await done(client.compareAndSet('a', 1, 'y'))).toEqual({ type: 'compareAndSet', revision: 3, succeeded: true, modRevision: 3 })
  })

  test('a transaction does the one list or the other', async () => {
    const input: Transaction<unknown, Key> = {
      compare: [{ key: 'a', version: 0 }],
      success: [
        { type: 'put', key: 'a', value: 1 },
        { type: 'get', key: 'a' },
      ],
      failure: [{ type: 'get', key: 'a' }, { type: 'delete', key: 'a' }, { type: 'range' }],
    }
    expect(await done(client.transaction(input))).toMatchObject({
      revision: 1,
      succeeded: true,
      results: [
        { type: 'put', createRevision: 1, modRevision: 1, version: 1 },
        { type: 'get', entry: { key: 'a', value: 1 } },
      ],
    })
    expect(await done(client.transaction(input))).toMatchObject({
      succeeded: false,
      results: [
        { type: 'get', entry: { value: 1 } },
        { type: 'delete', deleted: true },
        { type: 'range', entries: [], more: false },
      ],
    })
  })

  test('a range is read page by page, to its end or its limit', async () => {
    await done(Promise.all(Array.from({ length: 25 }, (_, i) => client.put(`k${String(i).padStart(2, '0')}`, i))))
    await done(client.put('other', 0))
    const read = async (options: Parameters<typeof client.range>[0]) => {
      const values: unknown[] = []
      for await (const entry of client.range(options)) values.push(entry.value)
      return values
    }
    expect(await done(read({ prefix: 'k', pageSize: 10 }))).toEqual(Array.from({ length: 25 }, (_, i) => i))
    expect(cluster.received.filter((request) => request.kind === RequestKind.Range)).toHaveLength(3)
    expect(await done(read({ prefix: 'k', pageSize: 10, limit: 12, after: 'k03' }))).toEqual(Array.from({ length: 12 }, (_, i) => i + 4))
  })

  test('status of the leader, of one member, and of all with the error of one that is down', async () => {
    cluster.kill(C)
    expect(await done(client.status())).toMatchObject({ memberId: 'n1', role: 'leader' })
    expect(await done(client.status(B))).toMatchObject({ memberId: 'n2', role: 'follower' })
    const all = await done(client.statusOfAll())
    expect(all.map((one) => one.status?.memberId ?? one.error?.code)).toEqual(['n1', 'n2', 'RAFT_CONNECTION'])
  })

  test('waitForLeader waits until there is one', async () => {
    cluster.leader = null
    const seen = outcome(client.waitForLeader())
    await cluster.clock.run(3_000)
    expect(seen.settled).toBe(false)
    cluster.elect(B)
    await cluster.clock.run(1_500)
    expect(seen.value).toMatchObject({ memberId: 'n2', role: 'leader', term: 2 })
  })

  test('a local read is answered by a member that does not lead', async () => {
    await done(client.put('a', 1))
    cluster.received.length = 0
    expect(await done(client.get('a', { consistency: 'local' }))).toBe(1)
    expect(cluster.received.map((request) => request.address)).not.toContain(A)
  })
})

describe('bad input', () => {
  test('rejects with an error that says what to do, and sends nothing', async () => {
    await expect(client.put('', 1)).rejects.toThrow(KeyError)
    await expect(client.put('k'.repeat(65_536), 1)).rejects.toThrow(/65,535/)
    await expect(client.put('k', undefined)).rejects.toThrow(ValueError)
    await expect(client.get('k', { timeout: -1 })).rejects.toThrow(ConfigurationError)
    await expect(client.compareAndSet('k', 1.5, 1)).rejects.toThrow(ConfigurationError)
    await expect(client.transaction({ compare: [{ key: 'a' } as never] })).rejects.toThrow(/exactly one of/)
    const small = cluster.client({ maxValueBytes: 10 })
    await expect(small.put('k', 'x'.repeat(20))).rejects.toThrow(/maxValueBytes/)
    const half = 'x'.repeat(40 * 1024 * 1024)
    await expect(
      client.transaction({
        success: [
          { type: 'put', key: 'a', value: half },
          { type: 'put', key: 'b', value: half },
        ],
      }),
    ).rejects.toThrow(/split it/)
    expect(cluster.received).toEqual([])
    await small.close()
  })

  test('options that cannot work are named', () => {
    expect(() => new RaftClient({ members: [] })).toThrow(/members/)
    expect(() => new RaftClient({ members: ['localhost'] })).toThrow(/host:port/)
    expect(() => new RaftClient({ members: ['a:1'], maxPending: 0 })).toThrow(/maxPending/)
  })

  test('a stored value that the codec cannot read fails that call only', async () => {
    await done(client.put('a', 1))
    cluster.store.entries.set('61', { ...(cluster.store.entries.get('61') as never as object), value: Buffer.from('{') } as never)
    const seen = outcome(client.get('a'))
    await cluster.clock.run(100)
    expect(seen.error).toBeInstanceOf(ValueError)
    expect(await done(client.get('b'))).toBeUndefined()
    expect(client.statistics().disconnects).toBe(0)
  })

  test('a refusal keeps the code of the member and is not tried again', async () => {
    cluster.intercept = (_address, request, { endpoint }) => {
      if (request.kind !== RequestKind.Write) return false
      endpoint.error(request.id, { outcome: 'notAppended', code: 'RAFT_COMMAND_TOO_LARGE', message: 'too large', leader: null })
      return true
    }
    const seen = outcome(client.put('a', 1))
    await cluster.clock.run(100)
    expect(seen.error).toBeInstanceOf(RefusedError)
    expect(seen.error).toMatchObject({ code: 'RAFT_COMMAND_TOO_LARGE', outcomeUnknown: false })
    expect(cluster.received.filter((request) => request.kind === RequestKind.Write)).toHaveLength(1)
  })
})
