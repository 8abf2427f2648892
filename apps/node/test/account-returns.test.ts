import { RequestKind } from '@raft/client/protocol'
import type { StoreResult } from '@raft/commands'
import { describe, expect, test } from 'vitest'
import { Account } from '../src/account.js'
import { KvRoutes } from '../src/http/kv-routes.js'
import { parseTarget } from '../src/http/request.js'
import { createRoutes } from '../src/http/routes.js'
import type { KeyValueService } from '../src/store/key-value-service.js'
import { startPort } from './port.js'

const MIB = 1024 * 1024

function entryOf(bytes: number) {
  return { key: Buffer.from('k'), value: Buffer.alloc(bytes, 'v'), createRevision: 1, modRevision: 1, version: 1 }
}

function transactionThatReads(bytes: number): StoreResult {
  return { type: 'transaction', revision: 1, succeeded: true, results: [{ type: 'get', entry: entryOf(bytes) }] }
}

describe('what was counted for a client that goes is given back', () => {
  test('when it goes before its transaction has its result', async () => {
    const account = new Account(64 * MIB)
    const { node, port, open } = await startPort({ protocol: { account, maxConnectionBytes: 32 * MIB } })
    const client = await open()
    client.ask(1, RequestKind.Write, Buffer.from('c')).flush()
    await expect.poll(() => node.writes.length).toBe(1)
    client.peer.socket.resetAndDestroy()
    await expect.poll(() => port.connections).toBe(0)
    node.writes[0]?.(null, transactionThatReads(3 * MIB))
    expect(account.bytes).toBe(0)
  })

  test('when it breaks the protocol before its transaction has its result', async () => {
    const account = new Account(64 * MIB)
    const { node, open } = await startPort({ protocol: { account, maxConnectionBytes: 32 * MIB } })
    const client = await open()
    client.ask(1, RequestKind.Write, Buffer.from('c')).flush()
    await expect.poll(() => node.writes.length).toBe(1)
    client.peer.send(Buffer.alloc(6))
    await client.peer.over
    node.writes[0]?.(null, transactionThatReads(3 * MIB))
    client.peer.socket.destroy()
    await expect.poll(() => account.bytes).toBe(0)
  })

  test('when it goes while its results wait until it takes the answers before', async () => {
    const account = new Account(64 * MIB)
    const { node, open } = await startPort({ protocol: { account, maxConnectionBytes: 32 * MIB } })
    const client = await open()
    for (let id = 1; id <= 6; id++) client.ask(id, RequestKind.Write, Buffer.from('c'))
    client.flush()
    await expect.poll(() => node.writes.length).toBe(6)
    client.peer.socket.pause()
    for (const done of node.writes) done(null, transactionThatReads(4 * MIB))
    expect(account.bytes).toBeGreaterThan(16 * MIB)
    client.peer.socket.destroy()
    await expect.poll(() => account.bytes).toBe(0)
  })

  test('when it goes with answers queued behind the first of its HTTP requests', async () => {
    const account = new Account(256 * MIB)
    const entry = entryOf(8 * MIB)
    const service = { prepareGet: async () => () => ({ revision: 1, entry }) } as unknown as KeyValueService
    const kv = new KvRoutes({ service, account, requestTimeout: 1000, maxValueBytes: 1000 })
    let asked = 0
    const { dial } = await startPort({
      onRequest: (request, response) => {
        asked += 1
        kv.get(Buffer.from('k'), parseTarget(request.url ?? '').query, request, response).catch(() => response.destroy())
      },
    })
    const client = await dial()
    client.socket.pause()
    client.send('GET /v1/kv/k?raw HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(4))
    await expect.poll(() => asked).toBeGreaterThan(1)
    await expect.poll(() => account.bytes).toBeGreaterThan(20 * MIB)
    client.socket.destroy()
    await expect.poll(() => account.bytes).toBe(0)
  })
})

test('nobody works on for a digest that waits behind another HTTP request of a client that has gone', async () => {
  const signals: AbortSignal[] = []
  const none = () => null
  const onRequest = createRoutes({
    gate: { check: () => {} } as never,
    kv: {} as KvRoutes,
    status: async () => ({}),
    digest: (signal) => {
      signals.push(signal)
      return new Promise(() => {})
    },
    health: none,
    readiness: none,
    metrics: async () => ({ type: 'text/plain', text: '' }),
    onFault: () => {},
  })
  const { dial } = await startPort({ onRequest })
  const client = await dial()
  client.send('GET /v1/status?digest HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(2))
  await expect.poll(() => signals.length).toBe(2)
  client.socket.resetAndDestroy()
  await expect.poll(() => signals.map(({ aborted }) => aborted)).toEqual([true, true])
})
