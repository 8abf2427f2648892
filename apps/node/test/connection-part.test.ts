import { RequestKind } from '@raft/client/protocol'
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
})
