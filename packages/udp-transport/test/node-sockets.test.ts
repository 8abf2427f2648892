import { afterEach, expect, it, vi } from 'vitest'
import { nodeSockets } from '../src/node-sockets.js'
import type { DatagramSocket } from '../src/socket.js'

const system = vi.hoisted(() => ({ lacksDescriptors: false }))

vi.mock('node:os', async (load) => {
  const os = await load<typeof import('node:os')>()
  return {
    ...os,
    networkInterfaces: () => {
      if (system.lacksDescriptors)
        throw Object.assign(new Error('A system error occurred: uv_interface_addresses returned EMFILE'), { errno: 24 })
      return os.networkInterfaces()
    },
  }
})

afterEach(() => {
  system.lacksDescriptors = false
})

it('a socket that got the last file descriptor works, though the system can no longer tell what its interface carries (issue 19)', async () => {
  system.lacksDescriptors = true
  const handlers = { onDatagram: () => {}, onRefused: () => {}, onError: () => {} }
  const socket = await new Promise<DatagramSocket>((resolve, reject) => {
    nodeSockets.bind({ address: '127.0.0.1', port: 0 }, handlers, (error, bound) => (bound === null ? reject(error) : resolve(bound)))
  })
  expect([socket.maxDatagramBytes, socket.local.port > 0]).toEqual([null, true])
  socket.close()
})
