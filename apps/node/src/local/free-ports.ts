import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

const HOST = '127.0.0.1'

/** Whether nobody listens for TCP on this port of this machine. */
function isFreeForTcp(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen({ host: HOST, port, exclusive: true }, () => {
      const address = server.address()
      const found = typeof address === 'object' && address !== null ? address.port : null
      server.close(() => resolve(found))
    })
  })
}

/** The same for UDP. */
function isFreeForUdp(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', () => resolve(null))
    socket.bind({ address: HOST, port, exclusive: true }, () => {
      const found = socket.address().port
      socket.close(() => resolve(found))
    })
  })
}

export interface PortPair {
  readonly peer: number
  readonly client: number
}

/** Ports that the system says are free; another process may take one before it is used. */
export async function anyPorts(count: number): Promise<PortPair[]> {
  const pairs: PortPair[] = []
  while (pairs.length < count) {
    const [peer, client] = await Promise.all([isFreeForUdp(0), isFreeForTcp(0)])
    if (peer === null || client === null) throw new Error(`no free port on ${HOST}`)
    const taken = pairs.some((pair) => pair.peer === peer || pair.client === client)
    if (!taken) pairs.push({ peer, client })
  }
  return pairs
}

/** The first `count` free ports from `peer` and from `client` on. */
export async function nextPorts(count: number, peer: number, client: number): Promise<PortPair[]> {
  const peers = await scan(count, peer, isFreeForUdp)
  const clients = await scan(count, client, isFreeForTcp)
  return peers.map((each, i) => ({ peer: each, client: clients[i] ?? 0 }))
}

async function scan(count: number, from: number, isFree: (port: number) => Promise<number | null>): Promise<number[]> {
  const found: number[] = []
  for (let port = from; found.length < count; port++) {
    if (port > 65_535) throw new Error(`no ${count} free ports from ${from} on`)
    if ((await isFree(port)) !== null) found.push(port)
  }
  return found
}
