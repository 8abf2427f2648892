import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { connect, NoLeaderError } from '../src/index.js'
import { ServerEndpoint } from '../src/protocol/index.js'

async function listen(onConnection: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(onConnection)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A member that says who leads, as it believes. */
function follower(id: string, leaderId: string | null): Promise<string> {
  return listen((socket) => {
    const endpoint = new ServerEndpoint({
      identity: { memberId: id, clusterId: 'c' },
      onPending: () => setImmediate(() => socket.write(endpoint.take() ?? new Uint8Array(0))),
      onRequest: (request) => {
        const status = { memberId: id, clusterId: 'c', role: 'follower', term: 1, leaderId }
        endpoint.status(request.id, { ...status, commitIndex: 0, appliedIndex: 0, revision: 0, members: [] })
      },
    })
    socket.on('error', () => {})
    socket.on('data', (chunk) => endpoint.receive(chunk))
    onTestFinished(() => void socket.destroy())
  })
}

/** Where nobody listens any more. */
async function closedAddress(): Promise<string> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return `127.0.0.1:${port}`
}

test('where no leader is found, the error says of each member what came of asking it', async () => {
  const closed = await closedAddress()
  const silent = await listen((socket) => onTestFinished(() => void socket.destroy()))
  const lost = await follower('n3', null)
  const led = await follower('n4', 'n1')
  const error = (await connect({ members: [closed, silent, lost, led], requestTimeout: 1500, connectTimeout: 300 }).catch(
    (reason: unknown) => reason,
  )) as Error
  expect(error).toMatchObject({ code: 'RAFT_TIMEOUT', cause: expect.any(NoLeaderError) })
  expect(error.message).toContain(`no connection to ${closed}: connect ECONNREFUSED ${closed}`)
  expect(error.message).toMatch(new RegExp(`${silent} (did not answer within 300 ms|has not answered yet)`))
  expect(error.message).toContain(`${lost} is n3, which knows no leader`)
  expect(error.message).toContain(`${led} is n4, which says that n1 leads`)
})
