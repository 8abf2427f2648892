import { createSocket } from 'node:dgram'
import { connect, createServer } from 'node:net'
import { MemoryLogStorage } from '@raft/core/memory'
import { expect, test, vi } from 'vitest'
import { ClientPort } from '../src/client-port/client-port.js'
import { type CreateNodeOptions, createNode, nodeClock, StartError } from '../src/index.js'
import { FailingStorage, onePair, SECRET, silentLogger, temporaryDirectory } from './cluster.js'

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

/** A member with a directory and ports of its own, which can start. */
async function startable() {
  const { peer, client } = await onePair()
  const members = { n1: { peer: `127.0.0.1:${peer}`, client: `127.0.0.1:${client}` } }
  const options: CreateNodeOptions = { id: 'n1', members, secret: SECRET, dataDir: temporaryDirectory(), logger: silentLogger }
  return { options, peer, client }
}

/** The directory and the ports of a start that failed can be used at once. */
async function startsNow(options: CreateNodeOptions): Promise<void> {
  const node = await createNode(options)
  await node.waitForLeader({ signal: AbortSignal.timeout(10_000) })
  await node.stop()
}

test('a start that fails before, between and after its ports are bound leaves directory and ports free at once', async () => {
  const { options, peer, client } = await startable()
  await expect(createNode({ ...options, bind: { client: 'nonsense' } })).rejects.toThrow(StartError)
  await startsNow(options)

  const udp = createSocket('udp4')
  await new Promise<void>((resolve) => udp.bind(peer, '127.0.0.1', resolve))
  await expect(createNode(options)).rejects.toThrow(/cannot listen for members.*another process/)
  await new Promise<void>((resolve) => udp.close(resolve))
  await startsNow(options)

  const tcp = createServer()
  await new Promise<void>((resolve) => tcp.listen(client, '127.0.0.1', resolve))
  await expect(createNode(options)).rejects.toThrow(/cannot listen for clients.*another process/)
  await new Promise<void>((resolve) => tcp.close(() => resolve()))
  await startsNow(options)
})

test('what a storage of one’s own throws when it is opened is told as it is, also where it cannot be closed; it is closed once', async () => {
  const { options } = await startable()
  for (const closes of [true, false]) {
    let closed = 0
    class Unopenable extends MemoryLogStorage {
      override open(): Promise<never> {
        return Promise.reject(new Error('the disk is unreadable'))
      }
      override async close(): Promise<void> {
        closed += 1
        if (!closes) throw new Error('the disk is gone')
      }
    }
    await expect(createNode({ ...options, storage: new Unopenable(nodeClock) })).rejects.toThrow('the disk is unreadable')
    expect(closed).toBe(1)
  }
  await startsNow(options)
})
