import { Client, credentials } from '@grpc/grpc-js'
import { bytes, RaftClient } from '@raft/client'

/** What load is put on. */
export interface Target {
  put(key: string, value: Uint8Array): Promise<unknown>
  /** Linearizable. */
  get(key: string): Promise<unknown>
  close(): Promise<void>
}

export type TargetKind = 'raft' | 'etcd'

/** In ms: long enough that a busy machine is no error. */
const PATIENCE = 60_000

export function connectTo(kind: TargetKind, addresses: readonly string[]): Target {
  return kind === 'raft' ? raft(addresses) : etcd(addresses)
}

function raft(addresses: readonly string[]): Target {
  const client = new RaftClient({ members: [...addresses], codec: bytes, requestTimeout: PATIENCE })
  return {
    put: (key, value) => client.put(key, value),
    get: (key) => client.get(key),
    close: () => client.close(),
  }
}

/** etcd over gRPC, each request on the next of its members: so it is fastest here. */
function etcd(addresses: readonly string[]): Target {
  const clients = addresses.map((address) => new Client(address, credentials.createInsecure()))
  let turn = 0
  const call = (path: string, request: Buffer) =>
    new Promise<Buffer>((resolve, reject) => {
      turn = (turn + 1) % clients.length
      const asItIs = (message: Buffer) => message
      clients[turn]?.makeUnaryRequest<Buffer, Buffer>(
        path,
        asItIs,
        asItIs,
        request,
        { deadline: Date.now() + PATIENCE },
        (error, answer) => {
          if (error !== null || answer === undefined) reject(error ?? new Error('no answer'))
          else resolve(answer)
        },
      )
    })
  return {
    put: (key, value) => call('/etcdserverpb.KV/Put', Buffer.concat([bytesField(1, Buffer.from(key)), bytesField(2, value)])),
    get: (key) => call('/etcdserverpb.KV/Range', bytesField(1, Buffer.from(key))),
    close: async () => {
      for (const client of clients) client.close()
    },
  }
}

/** A field of bytes in the format of Protocol Buffers. */
function bytesField(field: number, value: Uint8Array): Buffer {
  const head = [(field << 3) | 2]
  let length = value.length
  for (; length > 0x7f; length >>>= 7) head.push((length & 0x7f) | 0x80)
  head.push(length)
  return Buffer.concat([Buffer.from(head), value])
}
