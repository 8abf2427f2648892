import type { Message } from '@raft/core'
import { type DatagramSockets, nodeSockets, UdpTransport } from '@raft/udp-transport'

export interface PeerPlan {
  readonly kind: 'sealed' | 'plain' | 'bare'
  /** How many of the datagrams that are sent are lost, from 0 to 1. */
  readonly loss: number
  /** Null: what the interface carries. */
  readonly datagramBytes: number | null
}

export interface PeerWord {
  readonly port: number
}

const SECRET = new Uint8Array(32).fill(1)

export function makeTransport(id: string, { kind, loss, datagramBytes }: PeerPlan): UdpTransport {
  return new UdpTransport({
    id,
    clusterId: 'bench',
    bind: '127.0.0.1:0',
    ...(kind === 'plain' ? { insecurePlainText: true } : { secrets: [SECRET] }),
    ...(loss > 0 ? { socket: lossy(loss) } : {}),
    ...(datagramBytes === null ? {} : { maxDatagramBytes: datagramBytes }),
  })
}

/** Answers every message with an acknowledgement of its index, as a follower does, once a turn. */
export function answerAppends(transport: UdpTransport): void {
  let isDue = false
  let last = 0
  transport.attach(0, {
    onUnreachable: () => {},
    onMessage: (_from, message: Message) => {
      if (message.type !== 'appendEntries') return
      last = message.entries.lastIndex
      if (isDue) return
      isDue = true
      setImmediate(() => {
        isDue = false
        transport.send('leader', {
          type: 'appendEntriesReply',
          group: 0,
          term: 1,
          success: true,
          prevLogIndex: last,
          matchIndex: last,
          matchTerm: 0,
        })
      })
    },
  })
}

/** Sockets of this machine that lose some of what they are given to send. */
function lossy(loss: number): DatagramSockets {
  const losing: Pick<DatagramSockets, 'bind' | 'connect'> = {
    bind: (local, handlers, done) => nodeSockets.bind(local, handlers, (error, socket) => done(error, socket && losesSome(socket, loss))),
    connect: (remote, handlers, done) =>
      nodeSockets.connect(remote, handlers, (error, socket) => done(error, socket && losesSome(socket, loss))),
  }
  return { ...losing, lookup: nodeSockets.lookup }
}

type Socket = NonNullable<Parameters<Parameters<DatagramSockets['bind']>[2]>[1]>

function losesSome(socket: Socket, loss: number): Socket {
  return {
    local: socket.local,
    receiveBufferBytes: socket.receiveBufferBytes,
    maxDatagramBytes: socket.maxDatagramBytes,
    send: (parts, to) => {
      if (Math.random() >= loss) socket.send(parts, to)
    },
    close: () => socket.close(),
  }
}
