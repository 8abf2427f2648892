import type { KeyValue } from '@raft/commands'
import { describe, expect, test } from 'vitest'
import { Account } from '../src/account.js'
import { sendError } from '../src/http/answer.js'
import { KvRoutes } from '../src/http/kv-routes.js'
import { parseTarget } from '../src/http/request.js'
import type { KeyValueService } from '../src/store/key-value-service.js'
import { startPort } from './port.js'

const MIB = 1024 * 1024
const VALUE_BYTES = 8 * MIB
const REQUESTS = 16

async function setUp() {
  const account = new Account(256 * MIB)
  const entry: KeyValue = { key: Buffer.from('k'), value: Buffer.alloc(VALUE_BYTES, 'v'), createRevision: 1, modRevision: 1, version: 1 }
  let reads = 0
  const found = {
    prepareGet: async () => () => {
      reads += 1
      return { revision: 1, entry }
    },
    prepareRange: async () => () => {
      reads += 1
      return { revision: 1, entries: [entry], more: false }
    },
  }
  const kv = new KvRoutes({ service: found as unknown as KeyValueService, account, requestTimeout: 1000, maxValueBytes: VALUE_BYTES })
  const { dial, port } = await startPort({
    onRequest: (request, response) => {
      const target = parseTarget(request.url ?? '')
      const done = target.path === '/v1/kv' ? kv.range(target, response) : kv.get(Buffer.from('k'), target.query, request, response)
      done.catch((error: unknown) => sendError(response, error))
    },
  })
  return { account, dial, port, reads: () => reads }
}

describe('a client that pipelines reads of large values, and takes no answers', () => {
  test.each([
    ['a key', '/v1/kv/k?raw', REQUESTS],
    ['a range', '/v1/kv', 3],
  ])('makes the member hold a part of what it may, and has all answers once it takes them: %s', async (_, path, atOnce) => {
    const { account, dial, reads } = await setUp()
    const client = await dial()
    client.socket.pause()
    client.send(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`.repeat(REQUESTS))
    await expect.poll(reads).toBe(atOnce)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(account.bytes).toBeGreaterThan(VALUE_BYTES)
    expect(account.bytes).toBeLessThan(50 * MIB)
    let bytes = 0
    let heads = 0
    let tail = ''
    client.socket.removeAllListeners('data')
    client.socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      const text = tail + chunk.toString('latin1')
      heads += text.split('HTTP/1.1 200').length - 1
      tail = text.slice(1 - 'HTTP/1.1 200'.length)
    })
    client.socket.resume()
    await expect.poll(() => bytes, { timeout: 20_000 }).toBeGreaterThan(REQUESTS * VALUE_BYTES)
    await expect.poll(() => account.bytes).toBe(0)
    expect(heads).toBe(REQUESTS)
  })

  test('costs no more reads when it goes', async () => {
    const { account, dial, port, reads } = await setUp()
    const client = await dial()
    client.socket.pause()
    client.send('GET /v1/kv/k?raw HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(REQUESTS))
    await expect.poll(reads).toBe(REQUESTS)
    client.socket.resetAndDestroy()
    await expect.poll(() => port.connections).toBe(0)
    await expect.poll(() => account.bytes).toBe(0)
    expect(reads()).toBe(REQUESTS)
  })
})

test('the heads of requests that wait behind another one count, and a client that sends megabytes of them is cut off', async () => {
  const account = new Account(256 * MIB)
  const { dial } = await startPort({ protocol: { account }, onRequest: () => {} })
  const client = await dial()
  client.send('PUT /v1/kv/k HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n')
  const head = `GET /v1/kv/k HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(200 * 1024)}\r\n\r\n`
  client.send(head.repeat(10))
  await expect.poll(() => account.bytes).toBeGreaterThan(2_000_000)
  expect(client.isOver).toBe(false)
  client.send(head.repeat(20))
  await client.over
  await expect.poll(() => account.bytes).toBe(0)
})

test('the heads of requests that waited do not count any more when these have been answered', async () => {
  const account = new Account(256 * MIB)
  const held: (() => void)[] = []
  const { dial } = await startPort({ protocol: { account }, onRequest: (_request, response) => held.push(() => response.end('done')) })
  const client = await dial()
  client.send('DELETE /v1/kv/k HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(3))
  await expect.poll(() => account.bytes).toBeGreaterThan(0)
  for (let i = 0; i < 3; i++) {
    await expect.poll(() => held.length).toBe(i + 1)
    held[i]?.()
  }
  await client.until(() => client.statuses.length === 3)
  expect(account.bytes).toBe(0)
})
