import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** A port is given once only in this process: tests that run at the same time use theirs some time after they were given. */
const given = new Set<number>()

/** Ports of 127.0.0.1 that are free for TCP and for UDP. */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = []
  const held: { close(done: () => void): unknown }[] = []
  while (found.length < count) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    held.push(server)
    const { port } = server.address() as AddressInfo
    const socket = createSocket('udp4')
    socket.bind(port, '127.0.0.1')
    const isFree = await once(socket, 'listening').then(
      () => true,
      () => false,
    )
    held.push(socket)
    if (!isFree || given.has(port)) continue
    given.add(port)
    found.push(port)
  }
  await Promise.all(held.map((each) => new Promise<void>((resolve) => each.close(resolve))))
  return found
}
