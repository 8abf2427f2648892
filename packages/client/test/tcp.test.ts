import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { bytes, connect, OutcomeUnknownError, TimeoutError } from '../src/index.js'
import { ErrorCode, RequestKind, ServerEndpoint, type StatusResult } from '../src/protocol/index.js'
import type { PutResult } from '../src/protocol/result.js'
import { Store } from './support/store.js'

const servers: { server: Server; sockets: Set<Socket> }[] = []

afterEach(async () => {
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** A member on a real socket; `onWrite` true: the write is dealt with. */
async function member(store: Store, role: () => string, onWrite: (socket: Socket) => boolean = () => false): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    const endpoint = new ServerEndpoint({
      identity: { memberId: 'n1', clusterId: 'c' },
      onPending: () => setImmediate(() => socket.write(endpoint.take() ?? new Uint8Array(0))),
      onRequest: ({ id, kind, body }) => {
        if (kind === RequestKind.Status) endpoint.status(id, status(role()))
        else if (kind !== RequestKind.Write)
          endpoint.error(id, { outcome: 'notAppended', code: ErrorCode.UnknownRequest, message: `kind ${kind}`, leader: null })
        else if (!onWrite(socket)) endpoint.put(id, store.apply(body).results[0] as PutResult & { kind: 1 })
      },
    })
    socket.on('error', () => {})
    socket.on('data', (chunk) => endpoint.receive(chunk))
  })
  servers.push({ server, sockets })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

function status(role: string): StatusResult {
  return { memberId: 'n1', clusterId: 'c', role, term: 1, leaderId: null, commitIndex: 0, appliedIndex: 0, revision: 0, members: [] }
}

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
