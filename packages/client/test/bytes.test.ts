import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bytes, type Codec, type Entry, RaftClient } from '../src/index.js'
import { A, B, C, Cluster, outcome } from './support/cluster.js'

const local = { consistency: 'local' } as const
const VALUE = 'a value'

describe.each([
  ['in one piece', false],
  ['cut in two', true],
])('keys and values of an answer that comes %s are Buffers of their own', (_name, isCut) => {
  let cluster: Cluster
  let client: RaftClient<Uint8Array>
  const given: Uint8Array[] = []
  /** Remembers what it is given, which is a view. */
  const codec: Codec<Uint8Array> = {
    encode: bytes.encode,
    decode: (value) => {
      given.push(value)
      return bytes.decode(value)
    },
  }

  beforeEach(async () => {
    cluster = new Cluster()
    client = new RaftClient({ members: [A, B, C], connector: cluster.network, clock: cluster.clock, codec })
    await done(client.put('k', Buffer.from(VALUE)))
    cluster.network.isCutting = isCut
    given.length = 0
  })

  afterEach(async () => {
    await client.close()
  })

  async function done<T>(promise: Promise<T>): Promise<T> {
    outcome(promise)
    await cluster.clock.run(100)
    return promise
  }

  /** What arrived is written over: what was given to the caller stays. */
  function expectOwn(value: Uint8Array | undefined, text: string): void {
    expect(Buffer.isBuffer(value)).toBe(true)
    for (const view of given) {
      expect(Buffer.isBuffer(view)).toBe(true)
      new Uint8Array(view.buffer).fill(0)
    }
    expect(String(value)).toBe(text)
  }

  function expectEntry(entry: Entry<Uint8Array> | null | undefined): void {
    expectOwn(entry?.value, VALUE)
    expectOwn(entry?.keyBytes, 'k')
  }

  test('of get and getEntry', async () => {
    expectOwn(await done(client.get('k')), VALUE)
    expectEntry(await done(client.getEntry('k')))
    expectEntry(await done(client.getEntry('k', local)))
  })

  test('of page and range', async () => {
    expectEntry((await done(client.page({ prefix: 'k' }))).entries[0])
    const first = async () => {
      for await (const entry of client.range({ prefix: 'k' })) return entry
      return undefined
    }
    expectEntry(await done(first()))
  })

  test('of a transaction', async () => {
    const { results } = await done(
      client.transaction({
        success: [
          { type: 'get', key: 'k' },
          { type: 'range', prefix: 'k' },
        ],
      }),
    )
    for (const result of results)
      expectEntry(result.type === 'get' ? result.entry : result.type === 'range' ? result.entries[0] : undefined)
    expect(results).toHaveLength(2)
  })
})

test('a call sends what it was given when it was called, whatever becomes of those bytes', async () => {
  const cluster = new Cluster()
  const client = new RaftClient({ members: [A], connector: cluster.network, clock: cluster.clock, codec: bytes })
  const key = Buffer.from('key')
  const value = Buffer.from('value')
  const seen = [
    outcome(client.put(key, value)),
    outcome(client.transaction({ compare: [{ key, version: 1 }], success: [{ type: 'put', key: Buffer.from('other'), value }] })),
    outcome(client.get(key)),
  ]
  key.fill('x')
  value.fill('x')
  await cluster.clock.run(100)
  expect(seen.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
  expect(String(seen[2]?.value)).toBe('value')
  expect([...cluster.store.entries.values()].map((entry) => `${Buffer.from(entry.key)} ${Buffer.from(entry.value)}`)).toEqual([
    'key value',
    'other value',
  ])
  await client.close()
})
