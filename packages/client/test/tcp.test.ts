import { expect, test } from 'vitest'
import { bytes, connect, OutcomeUnknownError, TimeoutError } from '../src/index.js'
import { Store } from './support/store.js'
import { member } from './support/tcp-member.js'

test('10,000 writes, and one of 8 MiB, over real TCP', async () => {
  const store = new Store()
  const members = [await member(store, () => 'follower'), await member(store, () => 'leader')]
  const client = await connect({ members, codec: bytes })
  const value = Buffer.alloc(128, 7)
  const results = await Promise.all(Array.from({ length: 10_000 }, (_, i) => client.put(`k${i}`, value)))
  expect(results.map(({ modRevision }) => modRevision)).toEqual(Array.from({ length: 10_000 }, (_, i) => i + 1))
  const large = Buffer.alloc(8 * 1024 * 1024, 9)
  await client.put('large', large)
  expect(Buffer.compare(store.get(Buffer.from('large'))?.value as Uint8Array, large)).toBe(0)
  expect(client.statistics().socketWrites).toBeLessThan(100)
  await client.close()
})

test('a kind of request that the member does not know is answered, and the connection stays', async () => {
  const store = new Store()
  const client = await connect({ members: [await member(store, () => 'leader')] })
  await expect(client.get('a')).rejects.toMatchObject({ code: 'RAFT_UNKNOWN_REQUEST' })
  expect(await client.put('a', 1)).toMatchObject({ version: 1 })
  expect(client.statistics().disconnects).toBe(0)
  await client.close()
})

test('a member that breaks the connection under a write leaves its outcome unknown', async () => {
  const store = new Store()
  let broken = false
  const address = await member(
    store,
    () => 'leader',
    (socket) => {
      if (broken) return false
      broken = true
      socket.destroy()
      return true
    },
  )
  const client = await connect({ members: [address] })
  await expect(client.put('a', 1)).rejects.toThrow(OutcomeUnknownError)
  expect(await client.put('a', 1)).toMatchObject({ version: 1 })
  await client.close()
})

test('nobody there: connect says so, and with which addresses', async () => {
  await expect(connect({ members: ['127.0.0.1:1'], requestTimeout: 300 })).rejects.toThrow(TimeoutError)
  await expect(connect({ members: ['127.0.0.1:1'], requestTimeout: 300 })).rejects.toThrow(/127\.0\.0\.1:1.*ECONNREFUSED/)
})
