import { FIRST_BYTE } from '@raft/client/protocol'
import { KeyValueStore } from '@raft/state-machine'
import { expect, test } from 'vitest'
import type { CreateNodeOptions, NodeLogger } from '../src/index.js'
import { startInProcess } from './cluster.js'
import { Peer } from './port.js'

interface Line {
  readonly message: string
  readonly times?: number
}

/** A member, alone unless told otherwise, and the warnings and errors that it has logged. */
async function startLogged(more: Partial<CreateNodeOptions> = {}, members = 1) {
  const lines: Line[] = []
  const take = (details: object, message: string) => void lines.push({ ...details, message })
  const logger: NodeLogger = { info() {}, warn: take, error: take }
  const cluster = await startInProcess(members, { ...more, logger }, 1)
  const [node] = cluster.nodes
  const [address] = cluster.addresses
  if (node === undefined || address === undefined) throw new Error('no member')
  return { node, lines, url: `http://${address}`, port: Number(address.slice(address.lastIndexOf(':') + 1)) }
}

test('connections that break the protocol again and again are told once', async () => {
  const { lines, port } = await startLogged()
  for (let i = 0; i < 20; i++) {
    const peer = await Peer.dial(port)
    peer.send(Buffer.from([FIRST_BYTE, ...Buffer.from('NOT RAFT')]))
    await peer.over
    await peer.end()
  }
  expect(lines).toEqual([expect.objectContaining({ message: 'a client broke the protocol', times: 1 })])
})

test('requests that fail again and again because of a fault of the member are told once for each fault', async () => {
  let fault = 'the store is at fault'
  class Faulty extends KeyValueStore {
    override get(): never {
      throw new Error(fault)
    }
  }
  const { lines, url } = await startLogged({ stateMachine: new Faulty() })
  const ask = async () => expect((await fetch(`${url}/v1/kv/k?consistency=local`)).status).toBe(500)
  for (let i = 0; i < 20; i++) await ask()
  fault = 'and in another way'
  for (let i = 0; i < 20; i++) await ask()
  const message = 'a request failed because of a fault of this member'
  expect(lines).toEqual([
    expect.objectContaining({ message, times: 1, err: expect.objectContaining({ message: 'the store is at fault' }) }),
    expect.objectContaining({ message, times: 1, err: expect.objectContaining({ message: 'and in another way' }) }),
  ])
})

test('a callback that throws again and again is told once', async () => {
  const { lines, node } = await startLogged({ electionTimeout: 100, heartbeatInterval: 10 }, 2)
  let thrown = 0
  node.on('transition', () => {
    thrown += 1
    throw new Error('the application is at fault')
  })
  await expect.poll(() => thrown, { timeout: 10_000 }).toBeGreaterThan(2)
  expect(lines).toEqual([expect.objectContaining({ message: 'a callback threw', times: 1 })])
})
