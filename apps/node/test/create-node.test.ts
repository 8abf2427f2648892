import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { MemoryLogStorage, MemoryNetwork } from '@raft/core/memory'
import { KeyValueStore } from '@raft/state-machine'
import { expect, onTestFinished, test, vi } from 'vitest'
import { bytes, createNode, nodeClock, type RaftNode, StartError } from '../src/index.js'
import { FailingStorage, onePair, SECRET, startInProcess, temporaryDirectory } from './cluster.js'

test('reads and writes work on every member, and agree', async () => {
  const cluster = await startInProcess()
  for (const node of cluster.nodes) {
    const put = await node.put('k', node.id)
    expect(put.type).toBe('put')
    expect((await node.compareAndSet('k', 0, 'x')).succeeded).toBe(false)
    expect((await node.compareAndSet('k', put.modRevision, 'x')).succeeded).toBe(true)
    for (const other of cluster.nodes) expect(await other.get('k')).toBe('x')
    const { entries } = await node.page({ prefix: Buffer.from('k') })
    expect(entries).toHaveLength(1)
    const key = Buffer.from('k')
    const result = await node.transaction({ compare: [{ key, value: 'x' }], success: [{ type: 'delete', key }] })
    expect(result).toMatchObject({ succeeded: true, results: [{ type: 'delete', deleted: true }] })
    expect(await node.delete('k')).toMatchObject({ deleted: false })
    expect(await node.getEntry('k')).toBeNull()
  }
})

test('what is read on any member is Buffers of their own, of the key that was asked for when the call was made', async () => {
  const cluster = await startInProcess<Uint8Array>(3, { codec: bytes })
  const value = Buffer.from('value')
  await cluster.leader().put('k', value)
  const asked = () => new Uint8Array(Buffer.from('k'))
  for (const node of cluster.nodes) {
    for (const consistency of ['linearizable', 'local'] as const) {
      const key = asked()
      const prefix = asked()
      const reads = [node.getEntry(key, { consistency }), node.page({ prefix, consistency }).then(({ entries }) => entries[0] ?? null)]
      key.fill(0)
      prefix.fill(0)
      const steps = [{ type: 'get', key: asked() } as const, { type: 'range', prefix: asked() } as const]
      const { results } = await node.transaction({ success: steps })
      const found = [
        ...(await Promise.all(reads)),
        ...results.map((result) => (result.type === 'get' ? result.entry : result.type === 'range' ? result.entries[0] : null)),
      ]
      expect(found).toHaveLength(4)
      for (const entry of found) {
        expect([Buffer.isBuffer(entry?.keyBytes), String(entry?.keyBytes)]).toEqual([true, 'k'])
        expect([Buffer.isBuffer(entry?.value), String(entry?.value)]).toEqual([true, 'value'])
        // Neither a view of the answer that came, nor of memory that the store uses.
        expect(entry?.value.buffer.byteLength).toBeLessThanOrEqual(Math.max(Buffer.poolSize, 5))
        entry?.value.fill(0)
      }
      expect(String(await node.get('k', { consistency }))).toBe('value')
    }
  }
})

test('an address that stands for all of a machine is refused as one at which others reach a member, before anything is made', async () => {
  const dataDir = join(temporaryDirectory(), 'data')
  const options = { id: 'n1', members: { n1: { peer: '0.0.0.0:7001', client: '[::]:8001' } }, secret: SECRET, dataDir }
  const error = await createNode(options).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(StartError)
  expect(String(error)).toMatch(/members\.n1\.peer: .*"bind": \{"peer": "0\.0\.0\.0:7001"\}.*members\.n1\.client: .*found "\[::\]:8001"/)
  expect(existsSync(dataDir)).toBe(false)
})

test('without a logger, what a callback throws and what the member dies of are told on stderr, once each', async () => {
  const told: string[] = []
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    told.push(String(text))
    return true
  })
  onTestFinished(() => stderr.mockRestore())
  const storage = new FailingStorage()
  const { peer } = await onePair()
  const members = { n1: { peer: `127.0.0.1:${peer}` } }
  const onLeader = () => {
    throw new Error('the application is at fault')
  }
  const node = await createNode({ id: 'n1', members, secret: SECRET, storage, onLeader })
  onTestFinished(() => node.stop())
  await node.waitUntilLeader('n1')
  await expect.poll(() => told.length).toBe(1)
  storage.fails = true
  await expect(node.put('k', 'v')).rejects.toThrow()
  await expect(node.stopped).rejects.toThrow()
  expect(told).toEqual([
    expect.stringMatching(/^raft: a callback threw: Error: the application is at fault\n/),
    expect.stringMatching(/^raft: the member has died: .*the disk is full/),
  ])
})

test('onLeader and onFollower tell who acts as leader, and the signal aborts when that ends', async () => {
  const { peer } = await onePair()
  const heard: string[] = []
  let signal: AbortSignal | undefined
  const node = await createNode({
    id: 'n1',
    members: { n1: { peer: `127.0.0.1:${peer}` } },
    secret: SECRET,
    dataDir: temporaryDirectory(),
    onLeader: (leadership) => {
      heard.push(`leads term ${leadership.term}`)
      signal = leadership.signal
    },
    onFollower: () => heard.push('follows'),
  })
  onTestFinished(() => node.stop())
  await node.waitUntilLeader('n1')
  await node.put('k', 'v')
  expect(heard).toEqual(['follows', 'leads term 1'])
  expect([node.role, node.leaderId, signal?.aborted]).toEqual(['leader', 'n1', false])
  await node.stop()
  await node.stopped
  expect(signal?.aborted).toBe(true)
  await expect(node.put('k', 'v')).rejects.toMatchObject({ code: 'RAFT_CLOSED' })
})

test.each(['file', 'lmdb', 'level'] as const)('a directory keeps what it was given: %s', async (storage) => {
  const { peer } = await onePair()
  const options = { id: 'n1', members: { n1: { peer: `127.0.0.1:${peer}` } }, secret: SECRET, dataDir: temporaryDirectory(), storage }
  const first = await createNode(options)
  await first.put('k', 'kept')
  await first.stop()
  const second = await createNode(options)
  onTestFinished(() => second.stop())
  expect(await second.get('k')).toBe('kept')
})

test('a directory of one storage is refused by another, and a name that is none by all', async () => {
  const { peer } = await onePair()
  const options = { id: 'n1', members: { n1: { peer: `127.0.0.1:${peer}` } }, secret: SECRET, dataDir: temporaryDirectory() }
  await (await createNode({ ...options, storage: 'level' })).stop()
  await expect(createNode(options)).rejects.toMatchObject({ code: 'RAFT_OTHER_BACKEND', found: 'level' })
  await expect(createNode({ ...options, storage: 'lmdb' })).rejects.toMatchObject({ code: 'RAFT_OTHER_BACKEND', found: 'level' })
  const unknown = createNode({ ...options, storage: 'sqlite' as 'file' })
  await expect(unknown).rejects.toThrow('storage: expected "file", "lmdb" or "level", found "sqlite"')
  await expect(unknown).rejects.toBeInstanceOf(StartError)
})

test('storage, state machine and transport can be one’s own: three members in memory, no socket at all', async () => {
  const network = new MemoryNetwork(nodeClock)
  const members = { n1: { peer: 'a' }, n2: { peer: 'b' }, n3: { peer: 'c' } }
  const nodes: RaftNode[] = []
  onTestFinished(async () => {
    await Promise.all(nodes.map((node) => node.stop()))
  })
  for (const id of Object.keys(members)) {
    const stateMachine = new KeyValueStore()
    const storage = new MemoryLogStorage(nodeClock)
    nodes.push(await createNode({ id, members, storage, stateMachine, transport: network.transport(id) }))
  }
  const leaderId = await nodes[0]?.waitForLeader()
  const leader = nodes.find((node) => node.id === leaderId)
  await leader?.put('k', 'v')
  expect(leader?.store.size).toBe(1)
  // Without client addresses nothing is forwarded.
  await expect(nodes.find((node) => node.id !== leaderId)?.put('k', 'w')).rejects.toMatchObject({ code: 'RAFT_NOT_LEADER' })
})

test('what is missing or in use is a StartError, and nothing is left running', async () => {
  const { peer, client } = await onePair()
  const members = { n1: { peer: `127.0.0.1:${peer}`, client: `127.0.0.1:${client}` } }
  await expect(createNode({ id: 'n1', members, dataDir: temporaryDirectory() })).rejects.toThrow(/secret/)
  await expect(createNode({ id: 'n1', members, secret: SECRET })).rejects.toThrow(StartError)
  await expect(createNode({ id: 'n2', members, secret: SECRET, dataDir: temporaryDirectory() })).rejects.toThrow(/n2/)
  const dataDir = temporaryDirectory()
  const node = await createNode({ id: 'n1', members, secret: SECRET, dataDir })
  onTestFinished(() => node.stop())
  await expect(createNode({ id: 'n1', members, secret: SECRET, dataDir: temporaryDirectory() })).rejects.toThrow(/another process/)
  await node.stop()
  const again = await createNode({ id: 'n1', members, secret: SECRET, dataDir })
  onTestFinished(() => again.stop())
})

test('arguments that make no sense are refused on every member, and harm none', async () => {
  const cluster = await startInProcess()
  for (const node of cluster.nodes) {
    for (const consistency of ['linearizable', 'local'] as const) {
      for (const limit of [-1, 0.5, Number.NaN]) {
        await expect(node.page({ limit, consistency })).rejects.toMatchObject({ code: 'RAFT_CONFIGURATION' })
      }
      await expect(node.page({ prefix: new Uint8Array(70_000), consistency })).rejects.toMatchObject({ code: 'RAFT_KEY' })
      expect((await node.page({ after: new Uint8Array(60_000), prefix: new Uint8Array(60_000), consistency })).entries).toEqual([])
    }
    await expect(node.put('', 'v')).rejects.toMatchObject({ code: 'RAFT_KEY' })
    await expect(node.put('k'.repeat(70_000), 'v')).rejects.toMatchObject({ code: 'RAFT_KEY' })
    await expect(node.compareAndSet('k', -1, 'v')).rejects.toBeInstanceOf(Error)
  }
  await cluster.leader().put('k', 'v')
  for (const node of cluster.nodes) expect((await node.getEntry('k'))?.version).toBe(1)
})

test('a storage that cannot be closed is told to whoever stops the member, and its ports are let go all the same', async () => {
  class Unclosable extends MemoryLogStorage {
    override async close(): Promise<void> {
      await super.close()
      throw new Error('the disk is gone')
    }
  }
  const { peer, client } = await onePair()
  const options = {
    id: 'n1',
    members: { n1: { peer: `127.0.0.1:${peer}`, client: `127.0.0.1:${client}` } },
    secret: SECRET,
  }
  const node = await createNode({ ...options, storage: new Unclosable(nodeClock) })
  await expect(node.stop()).rejects.toThrow('the disk is gone')
  const next = await createNode({ ...options, storage: new MemoryLogStorage(nodeClock) })
  await next.stop()
})
