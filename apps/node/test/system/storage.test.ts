import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { anyPorts } from '../../src/local/free-ports.js'
import { ProcessCluster } from '../../src/local/process-cluster.js'
import { acknowledgedMore, CLI, expectWhole, startCluster, startWriter, until } from './harness.js'

test.each(['lmdb', 'level'])(
  'kill -9 of all members with storage %s: what was acknowledged is there when they come back',
  async (storage) => {
    const cluster = await startCluster({ config: { storage } })
    for (const member of cluster.members) expect((await readdir(member.dataDir)).sort()).toEqual([storage, 'lock', 'member'].sort())
    await survives(cluster, () => cluster.start())
  },
)

test('members of one cluster on files, LMDB and LevelDB: kill -9 of all, and all hold the same state again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'raft-node-'))
  const cluster = new ProcessCluster({ directory, cli: CLI, ports: await anyPorts(3) })
  onTestFinished(async () => {
    await cluster.end('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  })
  await startMixed(cluster)
  expect(await readdir(cluster.member('n2').dataDir)).toContain('lmdb')
  expect(await readdir(cluster.member('n3').dataDir)).toContain('level')
  await survives(cluster, () => startMixed(cluster))
})

/** Each member reads cluster.json when it starts, and finds another storage in it. */
async function startMixed(cluster: ProcessCluster): Promise<void> {
  const config: object = JSON.parse(readFileSync(cluster.config, 'utf8'))
  for (const [id, storage] of Object.entries({ n1: 'file', n2: 'lmdb', n3: 'level' })) {
    writeFileSync(cluster.config, JSON.stringify({ ...config, storage }))
    const member = cluster.member(id)
    member.start()
    const starts = () => member.log.split('"msg":"started"').length
    const before = starts()
    await until(`${id} has started`, () => starts() > before)
  }
  await cluster.start()
}

async function survives(cluster: ProcessCluster, startAgain: () => Promise<void>): Promise<void> {
  const writer = startWriter(cluster)
  await acknowledgedMore(writer, 50)
  await cluster.end('SIGKILL')
  await startAgain()
  await acknowledgedMore(writer)
  await writer.stop()
  await expectWhole(cluster, writer)
}
