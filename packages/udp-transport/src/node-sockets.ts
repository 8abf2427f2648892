import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { lookup } from 'node:dns'
import { readFileSync } from 'node:fs'
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { MAX_DATAGRAM_BYTES } from './sending/kernel-cost.js'
import type { DatagramHandlers, DatagramSocket, DatagramSockets, Endpoint } from './socket.js'

const BUFFER_BYTES = 4 * 1024 * 1024
const IPV4_HEADERS = 20 + 8
const IPV6_HEADERS = 40 + 8

/** Sockets of node:dgram. */
export const nodeSockets: DatagramSockets = {
  bind(local, handlers, done) {
    open(local.address, handlers, done, (socket) => socket.bind({ address: local.address, port: local.port, exclusive: true }), 'listening')
  },
  connect(remote, handlers, done) {
    open(remote.address, handlers, done, (socket) => socket.connect(remote.port, remote.address), 'connect')
  },
  lookup(host, done) {
    if (isIP(host) !== 0) return done(null, [host])
    lookup(host, { all: true }, (error, found) => done(error, error === null ? found.map(({ address }) => address) : []))
  },
}

type Done = (error: Error | null, socket: DatagramSocket | null) => void

function open(address: string, handlers: DatagramHandlers, done: Done, begin: (socket: Socket) => void, event: 'listening' | 'connect') {
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', lookup: resolved })
  const failed = (error: Error) => {
    socket.close()
    done(error, null)
  }
  socket.once('error', failed)
  socket.once(event, () => {
    socket.removeListener('error', failed)
    done(null, new NodeDatagramSocket(socket, handlers))
  })
  begin(socket)
}

/** Addresses arrive here resolved: the default would look each up again, and send a turn later. */
function resolved(hostname: string, ...rest: unknown[]): void {
  const callback = rest.at(-1) as (error: null, address: string, family: number) => void
  callback(null, hostname, isIP(hostname))
}

class NodeDatagramSocket implements DatagramSocket {
  readonly local: Endpoint
  readonly receiveBufferBytes: number
  readonly maxDatagramBytes: number | null
  readonly #socket: Socket
  /** Then it carries IPv4 as well, by mapped addresses, unless it is bound to one address. */
  readonly #isIPv6: boolean
  readonly #sent: (error: Error | null) => void
  #closed = false

  constructor(socket: Socket, handlers: DatagramHandlers) {
    this.#socket = socket
    const { address, port } = socket.address()
    this.local = { address, port }
    this.#isIPv6 = isIPv6(address)
    askForBuffers(socket)
    this.receiveBufferBytes = socket.getRecvBufferSize()
    this.maxDatagramBytes = interfaceDatagram(address)
    const failed = (error: NodeJS.ErrnoException) => {
      if (this.#closed) return
      if (error.code === 'ECONNREFUSED') handlers.onRefused()
      else handlers.onError(error)
    }
    this.#sent = (error) => {
      if (error !== null) failed(error)
    }
    socket.on('message', (bytes: Buffer, from: RemoteInfo) => {
      if (!this.#closed) handlers.onDatagram(bytes, from)
    })
    socket.on('error', failed)
  }

  send(parts: readonly Uint8Array[], to: Endpoint | null): void {
    if (this.#closed) return
    if (to === null) this.#socket.send(parts, this.#sent)
    else this.#socket.send(parts, to.port, this.#isIPv6 && isIPv4(to.address) ? `::ffff:${to.address}` : to.address, this.#sent)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.close()
  }
}

/** Linux caps without a word what it does not grant; other systems refuse, and then half as much is asked for. */
function askForBuffers(socket: Socket): void {
  for (const set of [socket.setRecvBufferSize.bind(socket), socket.setSendBufferSize.bind(socket)]) {
    for (let bytes = BUFFER_BYTES; bytes >= 65_536; bytes /= 2) {
      try {
        set(bytes)
        break
      } catch {
        // Ask for less.
      }
    }
  }
}

/** The interface that has this local address carries so much in one piece. Only Linux tells, and only while there are file descriptors. */
function interfaceDatagram(localAddress: string): number | null {
  try {
    for (const [name, addresses] of Object.entries(networkInterfaces())) {
      if (!addresses?.some((known) => known.address === localAddress || isLoopbackPair(known.address, localAddress))) continue
      const mtu = Number(readFileSync(`/sys/class/net/${name}/mtu`, 'utf8'))
      const headers = isIPv6(localAddress) ? IPV6_HEADERS : IPV4_HEADERS
      return mtu > headers ? Math.min(MAX_DATAGRAM_BYTES, mtu - headers) : null
    }
    return null
  } catch {
    return null
  }
}

/** All of 127.0.0.0/8 is the loopback interface, which lists but one address of it. */
function isLoopbackPair(known: string, local: string): boolean {
  return known.startsWith('127.') && local.startsWith('127.')
}
