import type { RaftError } from '@raft/core'
import { expect, test } from 'vitest'
import { Account } from '../src/account.js'
import { sendError } from '../src/http/answer.js'
import { KvRoutes } from '../src/http/kv-routes.js'
import { parseTarget } from '../src/http/request.js'
import type { LeaderAccess } from '../src/routing/leader-access.js'
import type { LeaderTask } from '../src/routing/operation.js'
import { KeyValueService } from '../src/store/key-value-service.js'
import { startPort } from './port.js'

const MIB = 1024 * 1024
const CLIENTS = 20

test('of the reads that one confirmation lets go, those that there is no room for are refused without a copy of the value', async () => {
  const confirmations: ((error: RaftError | null, index: number) => void)[] = []
  const value = Buffer.alloc(12 * MIB, 'v')
  let reads = 0
  const store = {
    revision: 1,
    get: (key: Uint8Array) => {
      reads += 1
      return { key, value, createRevision: 1, modRevision: 1, version: 1 }
    },
    range: () => ({ revision: 1, entries: [], more: false }),
  }
  const access = {
    ended: null,
    run: <T>(task: LeaderTask<T>) => new Promise((resolve) => task.local((_error, result) => resolve(result))),
  }
  const node = { submit: () => {}, submitRead: (done: (typeof confirmations)[number]) => void confirmations.push(done) }
  const service = new KeyValueService(node, store, access as unknown as LeaderAccess)
  const account = new Account(24 * MIB)
  const kv = new KvRoutes({ service, account, requestTimeout: 1000, maxValueBytes: value.length })
  const { dial } = await startPort({
    onRequest: (request, response) => {
      const { query } = parseTarget(request.url ?? '')
      kv.get(Buffer.from('k'), query, request, response).catch((error: unknown) => sendError(response, error))
    },
  })
  const peers = await Promise.all(Array.from({ length: CLIENTS }, dial))
  for (const { socket } of peers) socket.pause()
  for (const peer of peers) peer.send('GET /v1/kv/k?raw HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await expect.poll(() => confirmations.length).toBe(CLIENTS)
  for (const confirm of confirmations) confirm(null, 1)
  await expect.poll(() => account.bytes).toBeGreaterThanOrEqual(24 * MIB)
  expect(reads).toBe(1)
  for (const { socket } of peers) socket.resume()
  await Promise.all(peers.map((peer) => peer.until(() => peer.statuses.length === 1)))
  const statuses = peers.flatMap((peer) => peer.statuses)
  expect([statuses.filter((status) => status === 200).length, statuses.filter((status) => status === 503).length]).toEqual([1, 19])
})
