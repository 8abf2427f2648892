import type { RequestListener } from 'node:http'
import { connect, type Socket } from 'node:net'
import { ClientEndpoint, decodeError, type ErrorResponse, encodeGet, RequestKind, ResponseKind } from '@raft/client/protocol'
import { encodePut, type StoreResult } from '@raft/commands'
import type { Clock, RaftError } from '@raft/core'
import { onTestFinished } from 'vitest'
import { Account } from '../src/account.js'
import { ClientPort, type ClientPortOptions } from '../src/client-port/client-port.js'
import type { ProtocolConnectionOptions } from '../src/endpoint/protocol-options.js'
import { nodeClock } from '../src/index.js'
import type { ReadableStore } from '../src/store/key-value-service.js'
import { onePair } from './cluster.js'

type WriteDone = (error: RaftError | null, result: StoreResult | undefined) => void
type ReadDone = (error: RaftError | null, index: number) => void

export const PUT: StoreResult = { type: 'put', revision: 1, createRevision: 1, modRevision: 1, version: 1 }

/** Stands in for core's Node: the test says when, and what of it, is answered. */
class ScriptedNode {
  readonly writes: WriteDone[] = []
  readonly reads: ReadDone[] = []
  submit(_command: Uint8Array, done: WriteDone): void {
    this.writes.push(done)
  }
  submitRead(done: ReadDone): void {
    this.reads.push(done)
  }
}

const emptyStore: ReadableStore = { revision: 7, get: () => null, range: () => ({ revision: 7, entries: [], more: false }) }

export interface PortParts extends Partial<Omit<ClientPortOptions, 'address' | 'protocol'>> {
  readonly protocol?: Partial<ProtocolConnectionOptions>
  readonly onRequest?: RequestListener
}

/** What a leader says that has done nothing yet. */
export const leaderStatus = {
  memberId: 'n1',
  clusterId: 'c',
  role: 'leader',
  term: 1,
  leaderId: 'n1',
  commitIndex: 0,
  appliedIndex: 0,
  revision: 0,
  members: [],
}

/** A member's client address, without the member. It ends with the test. */
export async function startPort({ protocol, ...parts }: PortParts = {}) {
  const { client } = await onePair()
  const node = new ScriptedNode()
  const port = new ClientPort({
    address: { host: '127.0.0.1', port: client },
    onRequest: (_request, response) => response.end('served'),
    maxConnections: 100,
    idleTimeout: 60_000,
    seal: null,
    onRefused: () => {},
    ...parts,
    protocol: {
      identity: { memberId: 'n1', clusterId: 'c' },
      node,
      store: emptyStore,
      status: () => leaderStatus,
      clock: nodeClock,
      maxOutgoingBytes: 1024 * 1024,
      maxConnectionBytes: 4 * 1024 * 1024,
      account: new Account(64 * 1024 * 1024),
      maxPending: 1000,
      maxFrameBytes: 1024 * 1024,
      maxRequestBytes: 900 * 1024,
      onProtocolError: () => {},
      ...protocol,
    },
  })
  await port.listen()
  onTestFinished(async () => {
    const closed = port.close()
    port.destroy()
    await closed
  })
  return { port, node, address: client, dial: () => Peer.dial(client), open: () => ProtocolClient.dial(client) }
}

/** The other end of a connection. */
export class Peer {
  readonly socket: Socket
  /** Everything that came, as latin1. */
  received = ''
  /** The member has ended it, whichever way. */
  isOver = false
  /** The system's error, where the connection was reset. */
  error: string | null = null
  /** Fulfilled once it is over. */
  readonly over: Promise<void>
  /** Fulfilled once both sides have ended it. */
  readonly closed: Promise<void>
  readonly #waiting = new Set<() => void>()

  static dial(port: number): Promise<Peer> {
    // It ends its side only when the test says so.
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true })
    onTestFinished(() => void socket.destroy())
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new Peer(socket))
      })
    })
  }

  private constructor(socket: Socket) {
    this.socket = socket
    this.over = new Promise((resolve) => {
      const end = () => {
        this.isOver = true
        this.#wake()
        resolve()
      }
      socket.on('end', end)
      socket.on('close', end)
    })
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message
    })
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1')
      this.#wake()
    })
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(bytes)
  }

  /** Fulfilled once `condition` holds; it is looked at whenever something came, or the end did. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.isOver) throw new Error(`it is over (${this.error}) with ${JSON.stringify(this.received.slice(0, 500))}`)
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  /** Ends this side too, and waits until all has left and both have ended. */
  async end(): Promise<void> {
    this.socket.end()
    await this.closed
  }

  /** The statuses of the HTTP answers that came, in order. */
  get statuses(): number[] {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]))
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

/** A peer that speaks the client protocol by hand. */
export class ProtocolClient {
  static async dial(port: number): Promise<ProtocolClient> {
    return new ProtocolClient(await Peer.dial(port))
  }

  readonly peer: Peer
  readonly answers = new Map<number, { readonly kind: number; readonly body: Uint8Array }>()
  readonly #endpoint = new ClientEndpoint({
    onGreeting: () => {},
    onResponse: (id, kind, body) => {
      this.answers.set(id, { kind, body })
    },
  })

  constructor(peer: Peer) {
    this.peer = peer
    // Before the peer looks whether what it waits for is there.
    peer.socket.prependListener('data', (chunk) => this.#endpoint.receive(chunk))
  }

  put(id: number): this {
    return this.ask(id, RequestKind.Write, encodePut(Buffer.from('k'), Buffer.from('v')))
  }

  get(id: number, consistency: 'linearizable' | 'local' = 'linearizable', timeout = 0): this {
    return this.ask(id, RequestKind.Get, encodeGet(Buffer.from('k'), consistency), timeout)
  }

  ask(id: number, kind: number, body: Uint8Array = new Uint8Array(0), timeout = 0): this {
    this.#endpoint.request(id, kind, timeout, body)
    return this
  }

  /** @param most so many bytes are sent, and the rest never */
  flush(most = Number.POSITIVE_INFINITY): this {
    const bytes = this.#endpoint.take()
    if (bytes !== null) this.peer.send(bytes.subarray(0, most))
    return this
  }

  /** Fulfilled once every request of these is answered. */
  answered(...ids: readonly number[]): Promise<void> {
    return this.peer.until(() => ids.every((id) => this.answers.has(id)))
  }

  /** The error that the request was answered with; null when it was served. */
  errorOf(id: number): ErrorResponse | null {
    const answer = this.answers.get(id)
    if (answer === undefined) throw new Error(`request ${id} has not been answered`)
    return answer.kind === ResponseKind.Error ? decodeError(answer.body) : null
  }
}

/** Time passes when the test says so. */
export class ManualClock implements Clock {
  #now = 0
  readonly #due = new Set<{ readonly time: number; readonly callback: () => void }>()

  now(): number {
    return this.#now
  }

  schedule(time: number, callback: () => void): () => void {
    const timer = { time, callback }
    this.#due.add(timer)
    return () => this.#due.delete(timer)
  }

  defer(callback: () => void): void {
    setImmediate(callback)
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds
    for (const timer of [...this.#due]) {
      if (timer.time <= this.#now && this.#due.delete(timer)) timer.callback()
    }
  }
}
