import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { createNode, type RaftNode } from '../src/index.js'
import { anyPorts } from '../src/local/free-ports.js'
import { SECRET, silentLogger, temporaryDirectory } from './cluster.js'

/* Tests of an application fake timers around the members that it embeds, and take the fakes away again. */

const FAKED = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'queueMicrotask',
  'Date',
  'hrtime',
  'performance',
] as const

beforeEach(() => void vi.useFakeTimers({ toFake: [...FAKED] }))
afterEach(() => void vi.useRealTimers())

/** Three members on real sockets and files. */
async function startMembers(): Promise<RaftNode[]> {
  const directory = temporaryDirectory()
  const ports = await anyPorts(3)
  const members = Object.fromEntries(
    ports.map(({ peer, client }, i) => [`n${i + 1}`, { peer: `127.0.0.1:${peer}`, client: `127.0.0.1:${client}` }]),
  )
  const starting = Object.keys(members).map((id) =>
    createNode({ id, members, secret: SECRET, dataDir: `${directory}/${id}`, logger: silentLogger, stopTimeout: 500 }),
  )
  const nodes = await Promise.all(starting)
  onTestFinished(async () => void (await Promise.all(nodes.map((node) => node.stop()))))
  return nodes
}

/** Each writes, and reads what it wrote. */
async function use(nodes: readonly RaftNode[]): Promise<void> {
  for (const node of nodes) {
    await node.put('k', node.id)
    expect(await node.get('k')).toBe(node.id)
  }
}

async function stopLeader(nodes: readonly RaftNode[]): Promise<RaftNode[]> {
  await Promise.all(nodes.map((node) => node.waitForLeader()))
  const leader = nodes.find((node) => node.role === 'leader')
  await leader?.stop()
  return nodes.filter((node) => node !== leader)
}

test('members that were made while timers were faked elect and write then', async () => {
  const nodes = await startMembers()
  await use(nodes)
  await use(await stopLeader(nodes))
})

test('members whose fakes are taken away while they work go on, and elect another leader', async () => {
  const nodes = await startMembers()
  await use(nodes)
  const underWay = nodes.map((node) => node.put(node.id, 'under way'))
  vi.useRealTimers()
  await Promise.all(underWay)
  await use(nodes)
  await use(await stopLeader(nodes))
})

test('members that were made before timers were faked go on, then and afterwards', async () => {
  vi.useRealTimers()
  const nodes = await startMembers()
  vi.useFakeTimers({ toFake: [...FAKED] })
  await use(nodes)
  const left = await stopLeader(nodes)
  vi.useRealTimers()
  await use(left)
})

test('a request that finds no majority is refused in time while timers are faked, and when they are taken away', async () => {
  const [node, ...others] = await startMembers()
  await node?.waitForLeader()
  await Promise.all(others.map((other) => other.stop()))
  await expect(node?.get('k', { timeout: 100 })).rejects.toMatchObject({ code: 'RAFT_TIMEOUT' })
  const underWay = node?.get('k', { timeout: 100 })
  vi.useRealTimers()
  await expect(underWay).rejects.toMatchObject({ code: 'RAFT_TIMEOUT' })
})
