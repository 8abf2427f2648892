import { type ClientOptions, RaftClient } from '@raft/client'
import { bytes, type Codec, type Entry, type Key, type Store, type Transaction, text } from '@raft/commands'
import { MemoryLogStorage } from '@raft/core/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createNode, nodeClock, type RaftNode } from '../src/index.js'
import { anyPorts } from '../src/local/free-ports.js'
import { SECRET, silentLogger } from './cluster.js'

/* One suite for every implementation of `Store`: a client over TCP, and members that the store is embedded in. */

/** A cluster of three, whose members keep values as a codec says. Every implementation is asked for the same cluster's keys. */
class Members<V> {
  nodes: RaftNode<V>[] = []
  addresses: string[] = []
  readonly #codec: Codec<V>
  readonly #clients: RaftClient<V>[] = []

  constructor(codec: Codec<V>) {
    this.#codec = codec
  }

  async start(): Promise<void> {
    const ports = await anyPorts(3)
    const members = Object.fromEntries(
      ports.map(({ peer, client }, i) => [`n${i + 1}`, { peer: `127.0.0.1:${peer}`, client: `127.0.0.1:${client}` }]),
    )
    this.addresses = Object.values(members).map(({ client }) => client)
    const given = { members, secret: SECRET, stopTimeout: 500, logger: silentLogger, codec: this.#codec }
    for (const id of Object.keys(members))
      this.nodes.push(
        await createNode<V>({ id, ...given, storage: new MemoryLogStorage(nodeClock) } as Parameters<typeof createNode<V>>[0]),
      )
    await Promise.all(this.nodes.map((node) => node.waitForLeader({ signal: AbortSignal.timeout(10_000) })))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()))
    await Promise.all(this.nodes.map((node) => node.stop()))
  }

  client(): Store<V> {
    const options: ClientOptions<V> = { members: this.addresses, codec: this.#codec }
    const client = new RaftClient<V>(options as ConstructorParameters<typeof RaftClient<V>>[0])
    this.#clients.push(client)
    return client
  }

  embedded(leads: boolean): Store<V> {
    const node = this.nodes.find(({ role }) => (role === 'leader') === leads)
    if (node === undefined) throw new Error('no such member')
    return node
  }
}

/** Which implementation is asked, and how it is come by. */
const IMPLEMENTATIONS = [
  ['a client', <V>(members: Members<V>) => members.client()],
  ['the member that leads, embedded', <V>(members: Members<V>) => members.embedded(true)],
  ['a member that follows, embedded', <V>(members: Members<V>) => members.embedded(false)],
] as const

const members = new Members<string>(text)
const byteMembers = new Members<Uint8Array>(bytes)
beforeAll(() => Promise.all([members.start(), byteMembers.start()]))
afterAll(() => Promise.all([members.stop(), byteMembers.stop()]))

describe.each(IMPLEMENTATIONS)('the store of %s', (name, of) => {
  let store: Store<string>
  let byteStore: Store<Uint8Array>
  beforeAll(() => {
    store = of(members)
    byteStore = of(byteMembers)
  })

  let keys = 0
  /** A key that no test has used. */
  const fresh = (prefix = 'key') => {
    keys += 1
    return `${prefix} ${keys} of ${name}`
  }

  test('a key that does not exist has no value, no entry, and nothing to delete', async () => {
    const key = fresh()
    expect(await store.get(key)).toBeUndefined()
    expect(await store.getEntry(key)).toBeNull()
    expect(await store.delete(key)).toMatchObject({ type: 'delete', deleted: false })
  })

  test('what is put is read, with its revisions', async () => {
    const key = fresh()
    const first = await store.put(key, 'one')
    expect(first).toEqual({
      type: 'put',
      revision: first.revision,
      createRevision: first.revision,
      modRevision: first.revision,
      version: 1,
    })
    const second = await store.put(key, 'two')
    expect(second).toMatchObject({ createRevision: first.revision, modRevision: second.revision, version: 2 })
    expect(second.revision).toBeGreaterThan(first.revision)
    expect(await store.get(key)).toBe('two')
    expect(await store.getEntry(key)).toEqual({
      key,
      keyBytes: Buffer.from(key),
      value: 'two',
      createRevision: first.revision,
      modRevision: second.revision,
      version: 2,
    })
    expect(await store.delete(key)).toEqual({ type: 'delete', revision: second.revision + 1, deleted: true })
    expect(await store.get(key)).toBeUndefined()
  })

  test('compareAndSet writes at the revision that it names, and losing is a result', async () => {
    const key = fresh()
    const made = await store.compareAndSet(key, 0, 'a')
    expect(made).toEqual({ type: 'compareAndSet', succeeded: true, revision: made.revision, modRevision: made.revision })
    expect(await store.compareAndSet(key, 0, 'b')).toMatchObject({ succeeded: false, modRevision: made.modRevision })
    expect(await store.compareAndSet(key, made.modRevision, 'c')).toMatchObject({ succeeded: true })
    expect(await store.get(key)).toBe('c')
  })

  test('a transaction carries out success or failure, as one', async () => {
    const [key, other] = [fresh('a'), fresh('b')]
    const transaction: Transaction<string, Key> = {
      compare: [{ key, version: 0 }],
      success: [
        { type: 'put', key, value: 'v' },
        { type: 'put', key: Buffer.from(other), value: 'w' },
        { type: 'get', key },
      ],
      failure: [
        { type: 'get', key: fresh() },
        { type: 'range', prefix: key },
        { type: 'delete', key },
      ],
    }
    const done = await store.transaction(transaction)
    const { revision } = done
    const put = { type: 'put', createRevision: revision, modRevision: revision, version: 1 }
    const entry = { key, value: 'v', createRevision: revision, modRevision: revision, version: 1 }
    expect(done).toMatchObject({ type: 'transaction', succeeded: true, results: [put, put, { type: 'get', entry }] })
    expect(await store.transaction(transaction)).toMatchObject({
      succeeded: false,
      revision: revision + 1,
      results: [
        { type: 'get', entry: null },
        { type: 'range', entries: [entry], more: false },
        { type: 'delete', deleted: true },
      ],
    })
  })

  test.each([
    ['value', { value: 'v' }, { value: 'w' }],
    ['createRevision', { createRevision: 1, relation: 'greater' }, { createRevision: 0 }],
    ['modRevision', { modRevision: 1, relation: 'greater' }, { modRevision: 1, relation: 'less' }],
    ['version', { version: 1 }, { version: 1, relation: 'notEqual' }],
  ] as const)('a comparison of %s holds, or does not', async (_, holds, doesNot) => {
    const key = fresh()
    await store.put(key, 'v')
    expect((await store.transaction({ compare: [{ key, ...holds }] })).succeeded).toBe(true)
    expect((await store.transaction({ compare: [{ key, ...doesNot }] })).succeeded).toBe(false)
    expect(
      (
        await store.transaction({
          compare: [
            { key, ...holds },
            { key, ...doesNot },
          ],
        })
      ).succeeded,
    ).toBe(false)
  })

  test('a range comes in pages, in the order of the keys, and no write of its own', async () => {
    const prefix = `${fresh('range')}/`
    const names = Array.from({ length: 25 }, (_, i) => `${prefix}${String(i).padStart(2, '0')}`)
    await Promise.all(names.map((key) => store.put(key, key)))
    const page = await store.page({ prefix, limit: 10 })
    expect([page.entries.map(({ key }) => key), page.more]).toEqual([names.slice(0, 10), true])
    const next = await store.page({ prefix, after: names[9] as string, limit: 15 })
    expect([next.entries.map(({ value }) => value), next.more]).toEqual([names.slice(10), false])
    const found: Entry<string>[] = []
    for await (const entry of store.range({ prefix, pageSize: 4, limit: 23 })) found.push(entry)
    expect(found.map(({ key }) => key)).toEqual(names.slice(0, 23))
  })

  test('a linearizable read sees what was written elsewhere before it, a local one what this member has applied', async () => {
    const key = fresh()
    await members.embedded(true).put(key, 'there')
    expect(await store.get(key)).toBe('there')
    expect(await store.get(key, { consistency: 'lease' })).toBe('there')
    expect([undefined, 'there']).toContain(await store.get(key, { consistency: 'local' }))
  })

  test('keys and values that are read are Buffers of their own', async () => {
    const key = fresh()
    await byteStore.put(key, Buffer.from('value'))
    const read = async (): Promise<readonly (Entry<Uint8Array> | null)[]> => {
      const { results } = await byteStore.transaction({
        success: [
          { type: 'get', key },
          { type: 'range', prefix: key },
        ],
      })
      const ofSteps = results.map((result) => (result.type === 'get' ? result.entry : result.type === 'range' ? result.entries[0] : null))
      return [
        await byteStore.getEntry(key),
        (await byteStore.page({ prefix: key })).entries[0] ?? null,
        ...ofSteps.map((one) => one ?? null),
      ]
    }
    for (const entry of await read()) {
      expect([Buffer.isBuffer(entry?.keyBytes), Buffer.isBuffer(entry?.value)]).toEqual([true, true])
      entry?.value.fill(0)
      entry?.keyBytes.fill(0)
    }
    expect((await read()).map((entry) => [entry?.key, String(entry?.value)])).toEqual(new Array(4).fill([key, 'value']))
  })

  test('keys and values are copied before the call returns', async () => {
    const [key, value, asked] = [Buffer.from(fresh()), Buffer.from('value'), Buffer.from(fresh())]
    const name = key.toString()
    const calls = [byteStore.put(key, value), byteStore.get(asked)]
    for (const given of [key, value, asked]) given.fill('x')
    await Promise.all(calls)
    expect(String(await byteStore.get(name))).toBe('value')
  })

  test('what makes no sense is refused with the error for it, and changes nothing', async () => {
    const key = fresh()
    const refused = (call: Promise<unknown>, code: string) => expect(call).rejects.toMatchObject({ code, outcomeUnknown: false })
    await refused(store.put('', 'v'), 'RAFT_KEY')
    await refused(store.get('k'.repeat(65_536)), 'RAFT_KEY')
    await refused(store.delete('\ud800'), 'RAFT_KEY')
    await refused(store.put(key, '\ud800'), 'RAFT_VALUE')
    await refused(store.put(key, 7 as never), 'RAFT_VALUE')
    await refused(store.compareAndSet(key, -1, 'v'), 'RAFT_CONFIGURATION')
    await refused(store.page({ limit: -1 }), 'RAFT_CONFIGURATION')
    await refused(store.get(key, { consistency: 'strong' as never }), 'RAFT_CONFIGURATION')
    await refused(store.get(key, { timeout: -1 }), 'RAFT_CONFIGURATION')
    await refused(store.transaction({ compare: [{ key } as never] }), 'RAFT_CONFIGURATION')
    await refused(store.transaction({ compare: [{ key, version: 0, modRevision: 0 } as never] }), 'RAFT_CONFIGURATION')
    await refused(store.transaction({ success: [{ type: 'swap', key } as never] }), 'RAFT_CONFIGURATION')
    const steps = new Array(10_001).fill({ type: 'delete', key })
    await refused(store.transaction({ success: steps }), 'RAFT_TRANSACTION_TOO_LARGE')
    await refused(store.put(key, 'v'.repeat(20 * 1024 * 1024)), 'RAFT_COMMAND_TOO_LARGE')
    expect(await store.getEntry(key)).toBeNull()
  })

  test('a call is given up by its signal, and says whether it may have taken effect', async () => {
    const key = fresh()
    const reason = new Error('enough')
    const gone = AbortSignal.abort(reason)
    const expected = { code: 'RAFT_ABORTED', outcomeUnknown: false, cause: reason }
    await expect(store.put(key, 'v', { signal: gone })).rejects.toMatchObject(expected)
    await expect(store.get(key, { signal: gone })).rejects.toMatchObject(expected)
    await expect(store.page({ signal: gone })).rejects.toMatchObject(expected)
    expect(await store.get(key)).toBeUndefined()
    const controller = new AbortController()
    const write = store.put(key, 'v', { signal: controller.signal })
    await Promise.resolve()
    controller.abort(reason)
    await expect(write).rejects.toMatchObject({ code: 'RAFT_ABORTED', cause: reason })
  })
})
