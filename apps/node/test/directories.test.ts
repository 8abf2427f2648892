import { randomBytes } from 'node:crypto'
import { cpSync, rmSync } from 'node:fs'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { clusterIdOfMembers } from '../src/config/cluster-id.js'
import { type CreateNodeOptions, createNode, type NodeLogger, type RaftNode } from '../src/index.js'
import { anyPorts } from '../src/local/free-ports.js'
import { VERSION } from '../src/version.js'
import { onePair, SECRET, temporaryDirectory } from './cluster.js'

interface Line {
  readonly level: string
  readonly message: string
  readonly details: { readonly code?: string; readonly peer?: string }
}

function recordingLogger(): { readonly lines: Line[]; readonly logger: NodeLogger } {
  const lines: Line[] = []
  const note = (level: string) => (details: object, message: string) => {
    lines.push({ level, message, details })
  }
  return { lines, logger: { info: note('info'), warn: note('warn'), error: note('error') } }
}

/** A member that is alone, on a directory that goes with the test. */
async function aloneOptions(): Promise<CreateNodeOptions & { dataDir: string }> {
  const { peer } = await onePair()
  return { id: 'n1', members: { n1: { peer: `127.0.0.1:${peer}` } }, secret: SECRET, dataDir: temporaryDirectory() }
}

/** Runs a member once, and tells its cluster id. */
async function runOnce(options: CreateNodeOptions): Promise<string> {
  const node = await createNode(options)
  await node.stop()
  return node.clusterId
}

const ID_LINE = /cluster id of the directory/

async function idLines(options: CreateNodeOptions, count: number): Promise<Line[]> {
  const { lines, logger } = recordingLogger()
  const node = await createNode({ ...options, logger })
  const found = () => lines.filter(({ message }) => ID_LINE.test(message))
  await expect.poll(() => found().length).toBe(count)
  await node.stop()
  return found()
}

test('the status tells what the log is kept in, and what its directory takes on the disk', async () => {
  const { peer, client } = await onePair()
  const members = { n1: { peer: `127.0.0.1:${peer}`, client: `127.0.0.1:${client}` } }
  for (const storage of ['file', 'level'] as const) {
    const dataDir = temporaryDirectory()
    const node = await createNode({ id: 'n1', members, secret: SECRET, dataDir, storage })
    const { diskBytes, ...status } = (await (await fetch(`http://127.0.0.1:${client}/v1/status`)).json()) as { diskBytes: number }
    expect(status).toMatchObject({ storage, version: VERSION })
    await node.stop()
    const sizes = await Promise.all(
      (await readdir(dataDir, { recursive: true })).map(async (name) => (await stat(join(dataDir, name))).size),
    )
    expect(diskBytes).toBeGreaterThan(0)
    expect(diskBytes).toBeLessThan(2 * sizes.reduce((sum, size) => sum + size, 0) + 32 * 1024 * 1024)
  }
})

test('a write that was cut short by a crash is erased, and the log says so, once', async () => {
  const options = await aloneOptions()
  const node = await createNode(options)
  await node.waitUntilLeader('n1')
  await node.put('k', 'v'.repeat(2000))
  await node.stop()
  const path = join(options.dataDir, '0000000000000001.log')
  const bytes = await readFile(path)
  // Within the last write that holds anything of the value.
  bytes[bytes.lastIndexOf('v'.repeat(1000)) + 10] = 0
  await writeFile(path, bytes)
  const torn = async () => {
    const { lines, logger } = recordingLogger()
    const again = await createNode({ ...options, logger })
    await again.stop()
    return lines.filter(({ message }) => /cut short, as by a crash, and was erased/.test(message))
  }
  expect(await torn()).toEqual([{ level: 'warn', message: expect.any(String), details: { file: path, offset: expect.any(Number) } }])
  expect(await torn()).toEqual([])
})

test('two clusters with other secrets have other ids, though their members have the same names', async () => {
  const options = await aloneOptions()
  const first = await runOnce(options)
  const second = await runOnce({ ...options, dataDir: temporaryDirectory(), secret: randomBytes(32) })
  expect(first).not.toBe(second)
  expect(await runOnce({ ...options, dataDir: temporaryDirectory() })).toBe(first)
})

test('a directory keeps its cluster id when the secret is changed, and one line says so', async () => {
  const options = await aloneOptions()
  const clusterId = await runOnce(options)
  const secret = randomBytes(32)
  expect(await runOnce({ ...options, secret: [secret, SECRET] })).toBe(clusterId)
  expect(await runOnce({ ...options, secret })).toBe(clusterId)
  const [line] = await idLines({ ...options, secret }, 1)
  expect(line?.level).toBe('warn')
  expect(line?.message).toMatch(/right after the secret was changed, and wrong if the directory was brought here from another cluster/)
  await idLines({ ...options, secret: [secret, SECRET] }, 0)
})

test('a directory of a version before, whose id follows from the member ids alone, goes on, and takes the members that are given', async () => {
  const options = await aloneOptions()
  const clusterId = clusterIdOfMembers(['n1'])
  await runOnce({ ...options, clusterId })
  rmSync(join(options.dataDir, 'member'))
  const [line] = await idLines(options, 1)
  expect(line?.level).toBe('info')
  expect(await readdir(options.dataDir)).toContain('member')
  expect(await runOnce(options)).toBe(clusterId)
})

test('a cluster id that is configured and is not the directory’s is refused', async () => {
  const options = await aloneOptions()
  await runOnce({ ...options, clusterId: 'mine' })
  await expect(createNode({ ...options, clusterId: 'other' })).rejects.toMatchObject({ code: 'RAFT_IDENTITY_MISMATCH' })
  expect(await runOnce(options)).toBe('mine')
})

test('nothing is formatted for a secret that is too short, or missing', async () => {
  const { secret: _, ...options } = await aloneOptions()
  await expect(createNode(options)).rejects.toThrow(/secret/)
  await expect(createNode({ ...options, secret: 'short' })).rejects.toThrow(/at least 16/)
  expect(await readdir(options.dataDir)).toEqual([])
})

test.each(['file', 'lmdb', 'level'] as const)(
  'a start with other members is refused, by their names, and one with other addresses is not: %s',
  async (storage) => {
    const [one, two] = await anyPorts(2)
    const at = (port: number | undefined) => ({ peer: `127.0.0.1:${port}` })
    const members = { n1: at(one?.peer), n2: at(two?.peer) }
    const options = { id: 'n1', members, secret: SECRET, dataDir: temporaryDirectory(), storage }
    await runOnce(options)
    const shorter = createNode({ ...options, members: { n1: members.n1 } })
    await expect(shorter).rejects.toMatchObject({ code: 'RAFT_VOTERS_MISMATCH', missing: ['n2'], extra: [] })
    await expect(shorter).rejects.toThrow(/n2 missing/)
    const other = createNode({ ...options, members: { n1: members.n1, n3: members.n2 } })
    await expect(other).rejects.toMatchObject({ code: 'RAFT_VOTERS_MISMATCH', missing: ['n2'], extra: ['n3'] })
    await runOnce({ ...options, members: { n2: at(one?.peer), n1: at(two?.peer) } })
  },
)

/** Three members with directories, of which all have met. */
async function startThree() {
  const ports = await anyPorts(3)
  const members = Object.fromEntries(
    ports.map(({ peer, client }, i) => [`n${i + 1}`, { peer: `127.0.0.1:${peer}`, client: `127.0.0.1:${client}` }]),
  )
  const root = temporaryDirectory()
  const nodes = new Map<string, RaftNode>()
  const { lines, logger } = recordingLogger()
  onTestFinished(async () => {
    await Promise.all([...nodes.values()].map((node) => node.stop().catch(() => {})))
  })
  const optionsOf = (id: string) => ({ id, members, secret: SECRET, dataDir: join(root, id), logger })
  const start = async (id: string) => {
    const node = await createNode(optionsOf(id))
    nodes.set(id, node)
    return node
  }
  for (const id of Object.keys(members)) await start(id)
  await nodes.get('n1')?.put('k', 'v')
  await expect.poll(() => [...nodes.values()].map((node) => node.store.size)).toEqual([1, 1, 1])
  return { nodes, start, lines, dataDir: (id: string) => join(root, id) }
}

/** What a member that is started now dies of, soon or at once. Its directory is free then. */
async function fateOf(start: () => Promise<RaftNode>): Promise<unknown> {
  let node: RaftNode | null = null
  try {
    node = await start()
    await node.stopped
    return null
  } catch (error) {
    await node?.stop()
    return error
  }
}

test('a member with an empty directory in place of its own dies of it, now and at its next start, and the others serve and tell', async () => {
  const { nodes, start, lines, dataDir } = await startThree()
  await nodes.get('n3')?.stop()
  rmSync(dataDir('n3'), { recursive: true })
  const error = await fateOf(() => start('n3'))
  expect(error).toMatchObject({ code: 'RAFT_DISK_LOST' })
  expect((error as Error).message).toMatch(/disk was lost.*cannot be replaced yet.*a majority/)
  await expect(start('n3')).rejects.toMatchObject({ code: 'RAFT_DISK_LOST' })
  await nodes.get('n1')?.put('k', 'w')
  expect(lines.filter(({ details }) => details.code === 'RAFT_DISK_LOST' && details.peer === 'n3').length).toBeGreaterThan(0)
})

test('a member on an older copy of its directory dies of it, however often it is started, and lives on the newest one', async () => {
  const { nodes, start, dataDir } = await startThree()
  await nodes.get('n3')?.stop()
  const [newest, copy] = [`${dataDir('n3')}.newest`, `${dataDir('n3')}.copy`]
  cpSync(dataDir('n3'), copy, { recursive: true })
  for (let i = 0; i < 2; i++) {
    const again = await start('n3')
    await again.waitForLeader()
    await again.stop()
  }
  cpSync(dataDir('n3'), newest, { recursive: true })
  rmSync(dataDir('n3'), { recursive: true })
  cpSync(copy, dataDir('n3'), { recursive: true })
  expect(await fateOf(() => start('n3'))).toMatchObject({ code: 'RAFT_DIRECTORY_ROLLED_BACK' })
  for (let i = 0; i < 5; i++) await expect(start('n3')).rejects.toMatchObject({ code: 'RAFT_DIRECTORY_ROLLED_BACK' })
  rmSync(dataDir('n3'), { recursive: true })
  cpSync(newest, dataDir('n3'), { recursive: true })
  const node = await start('n3')
  await expect.poll(() => node.store.size).toBe(1)
})
