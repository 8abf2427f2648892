import { RequestKind } from '@raft/client/protocol'
import type { StoreResult } from '@raft/commands'
import { describe, expect, test } from 'vitest'
import { Account } from '../src/account.js'
import { PUT, startPort } from './port.js'

const KIB = 1024

describe('a connection that holds as much as it may', () => {
  test('takes a request that is larger than that whole, and what follows it', async () => {
    const account = new Account(64 * KIB * KIB)
    const { node, open } = await startPort({ protocol: { account, maxConnectionBytes: 256 * KIB } })
    const client = await open()
    client.ask(1, RequestKind.Write, Buffer.alloc(800 * KIB)).flush()
    await expect.poll(() => node.writes.length).toBe(1)
    client.ask(2, RequestKind.Write, Buffer.alloc(800 * KIB)).flush()
    node.writes[0]?.(null, PUT)
    await expect.poll(() => node.writes.length).toBe(2)
    node.writes[1]?.(null, PUT)
    await client.answered(1, 2)
    expect([client.errorOf(1), client.errorOf(2)]).toEqual([null, null])
    await expect.poll(() => account.bytes).toBe(0)
  })

  test('is given the result of a transaction that changed something, for the member has room for it', async () => {
    const account = new Account(64 * KIB * KIB)
    const { node, open } = await startPort({ protocol: { account, maxConnectionBytes: 2 * KIB * KIB } })
    const client = await open()
    client.ask(1, RequestKind.Write, Buffer.from('a transaction'))
    for (let id = 2; id <= 4; id++) client.ask(id, RequestKind.Write, Buffer.alloc(800 * KIB))
    client.flush()
    await expect.poll(() => node.writes.length).toBe(4)
    node.writes[0]?.(null, getAndPut(800 * KIB))
    await client.answered(1)
    expect(client.errorOf(1)).toBe(null)
    for (const done of node.writes.slice(1)) done(null, PUT)
    await client.answered(2, 3, 4)
    await expect.poll(() => account.bytes).toBe(0)
  })
})

function getAndPut(bytes: number): StoreResult {
  const entry = { key: Buffer.from('k'), value: Buffer.alloc(bytes), createRevision: 1, modRevision: 1, version: 1 }
  const put = { type: 'put', createRevision: 1, modRevision: 1, version: 1 } as const
  return { type: 'transaction', revision: 1, succeeded: true, results: [{ type: 'get', entry }, put] }
}
