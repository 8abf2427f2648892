import { connect } from 'node:net'
import { expect, test, vi } from 'vitest'
import { ClientPort } from '../src/client-port/client-port.js'
import { createNode } from '../src/index.js'
import { FailingStorage, onePair, SECRET } from './cluster.js'

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

test('a member that dies while its client port opens is not started, and leaves no port open', async () => {
  const { peer, client } = await onePair()
  const storage = new FailingStorage()
  storage.fails = true
  const { listen } = ClientPort.prototype
  const slow = vi.spyOn(ClientPort.prototype, 'listen').mockImplementation(async function (this: ClientPort) {
    const place = await listen.call(this)
    await expect.poll(async () => (await fetch(`http://127.0.0.1:${client}/healthz`)).status, { timeout: 5000 }).toBe(503)
    return place
  })
  const members = { n1: { peer: `127.0.0.1:${peer}`, client: `127.0.0.1:${client}` } }
  const logger = { info: () => {}, warn: () => {}, error: () => {} }
  const starting = createNode({ id: 'n1', members, secret: SECRET, storage, logger })
  await expect(starting).rejects.toThrow(/the disk is full/)
  expect(slow).toHaveBeenCalledOnce()
  slow.mockRestore()
  expect(await isListening(client)).toBe(false)
})
