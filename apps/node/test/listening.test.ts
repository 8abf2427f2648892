import { isIPv4 } from 'node:net'
import { MemoryLogStorage } from '@raft/core/memory'
import { expect, onTestFinished, test } from 'vitest'
import { createNode, nodeClock } from '../src/index.js'
import { onePair, SECRET } from './cluster.js'
import { startPort } from './port.js'

test('a client address whose name means an address that this machine has not, and one that it has: the second is taken', async () => {
  const { dial } = await startPort({ resolve: async () => ['203.0.113.1', '127.0.0.1'] })
  const connection = await dial()
  connection.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await connection.until(() => connection.statuses.length === 1)
  expect(connection.statuses).toEqual([200])
})

test('a client address of which this machine has none: the system says so', async () => {
  await expect(startPort({ resolve: async () => ['203.0.113.1', '203.0.113.2'] })).rejects.toThrow('EADDRNOTAVAIL')
})

test('where names are given to listen at, the log says which addresses they came to', async () => {
  const { peer, client } = await onePair()
  const lines: object[] = []
  const logger = { info: (details: object, message: string) => void lines.push({ ...details, message }), warn: () => {}, error: () => {} }
  const node = await createNode({
    id: 'n1',
    members: { n1: { peer: `localhost:${peer}`, client: `localhost:${client}` } },
    secret: SECRET,
    storage: new MemoryLogStorage(nodeClock),
    logger,
  })
  onTestFinished(() => node.stop())
  const [members, clients] = lines.filter((line) => 'message' in line && String(line.message).startsWith('listening')) as {
    address: string
  }[]
  expect(members).toMatchObject({ bind: `localhost:${peer}`, message: 'listening for members' })
  expect(clients).toMatchObject({ bind: `localhost:${client}`, message: 'listening for clients' })
  const host = (address: string) => address.slice(0, address.lastIndexOf(':'))
  for (const { address } of [members, clients] as { address: string }[])
    expect(isIPv4(host(address)) || host(address) === '[::1]').toBe(true)
})
