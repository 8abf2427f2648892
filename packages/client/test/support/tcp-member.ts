import { type AddressInfo, createServer, type Socket } from 'node:net'
import * as timers from 'node:timers'
import type { PutStepResult } from '@raft/commands'
import { onTestFinished } from 'vitest'
import { ErrorCode, RequestKind, ServerEndpoint, type StatusResult } from '../../src/protocol/index.js'
import type { Store } from './store.js'

/** Not the one that a test may fake. */
const { setImmediate } = timers

/** A member on a real socket, until the test is over; `onWrite` true: the write is dealt with. */
export async function member(store: Store, role: () => string, onWrite: (socket: Socket) => boolean = () => false): Promise<string> {
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
        else if (!onWrite(socket)) endpoint.result(id, { ...(store.apply(body).results[0] as PutStepResult), revision: store.revision })
      },
    })
    socket.on('error', () => {})
    socket.on('data', (chunk) => endpoint.receive(chunk))
  })
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

function status(role: string): StatusResult {
  return { memberId: 'n1', clusterId: 'c', role, term: 1, leaderId: null, commitIndex: 0, appliedIndex: 0, revision: 0, members: [] }
}
