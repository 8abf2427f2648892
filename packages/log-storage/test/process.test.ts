import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { StorageInUseError } from '../src/index.js'
import { readAll } from './support/log.js'
import { realStorages } from './support/real-storages.js'
import { bundleWriter, path } from './support/writer-bundle.js'

let directory: string
const children: ChildProcess[] = []

beforeEach(async () => {
  directory = await mkdtemp(`${tmpdir()}/raft-log-`)
})

afterEach(async () => {
  for (const child of children.splice(0)) await kill(child)
  await rm(directory, { recursive: true })
})

let bundle: string

beforeAll(async () => {
  bundle = await bundleWriter()
})

afterAll(() => rm(bundle, { recursive: true }))

/** Runs the writer; `onLine` gets what it says. Its errors are the test's. */
function start(onLine: (line: string) => void, backend: string, ...args: string[]): ChildProcess {
  const options = { stdio: ['ignore', 'pipe', 'inherit'] as ['ignore', 'pipe', 'inherit'] }
  const child = spawn(process.execPath, [`${bundle}/writer.js`, backend, directory, ...args], options)
  createInterface({ input: child.stdout }).on('line', onLine)
  children.push(child)
  return child
}

/** Ends with what the process has said read to the end. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await closed
}

describe.each(realStorages)('$name', ({ backend, make }) => {
  const open = () => make({ directory, clusterId: 'c1', memberId: 'n1' })

  test('what a process has acknowledged before kill -9 is there, time after time', async () => {
    let lastIndex = 0
    let term = 0
    for (let round = 1; round <= 3; round++) {
      let lines = 0
      await new Promise<void>((resolve) => {
        const child = start((line) => {
          if (line === 'open') return
          const [writtenTerm, writtenIndex] = line.split(' ').map(Number) as [number, number]
          term = writtenTerm
          lastIndex = writtenIndex
          lines += 1
          if (lines === 100 * round) child.kill('SIGKILL')
        }, backend)
        child.once('close', () => resolve())
      })
      expect(lines).toBeGreaterThanOrEqual(100 * round)
      const storage = open()
      const stored = await storage.open()
      expect(stored.lastIndex).toBeGreaterThanOrEqual(lastIndex)
      expect(stored.hardState.currentTerm).toBeGreaterThanOrEqual(term)
      expect(stored.hardState.votedFor).toBe(`n${stored.hardState.currentTerm}`)
      const entries = await readAll(storage, 1, stored.lastIndex)
      expect(entries.count).toBe(stored.lastIndex)
      for (let i = 1; i <= stored.lastIndex; i++) expect(Number.parseInt(Buffer.from(entries.payload(i)).toString(), 10)).toBe(i)
      await storage.close()
    }
  })

  test('a second process is refused while the first lives, and let in as soon as it was killed', async () => {
    const said = (mode: string) =>
      new Promise<{ child: ChildProcess; line: string }>((resolve) => {
        const child = start((line) => resolve({ child, line }), backend, mode)
      })
    const first = await said('hold')
    expect(first.line).toBe('open')
    expect((await said('hold')).line).toMatch(/^RAFT_STORAGE_IN_USE /)
    await expect(open().open()).rejects.toThrow(StorageInUseError)
    await kill(first.child)
    const second = open()
    await second.open()
    expect((await said('hold')).line).toMatch(/^RAFT_STORAGE_IN_USE /)
    await second.close()
  })
})

test('a backend whose package is not installed says what to install, and files need none', async () => {
  const elsewhere = await mkdtemp(`${tmpdir()}/raft-log-`)
  await cp(`${bundle}/writer.js`, `${elsewhere}/writer.mjs`)
  await mkdir(`${elsewhere}/node_modules`)
  await symlink(path('../../node_modules/fs-native-extensions'), `${elsewhere}/node_modules/fs-native-extensions`)
  const said = async (backend: string) => {
    const child = spawn(process.execPath, [`${elsewhere}/writer.mjs`, backend, `${directory}/${backend}`, 'hold'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    for await (const line of createInterface({ input: child.stdout })) return line
    return ''
  }
  expect(await said('file')).toBe('open')
  expect(await said('lmdb')).toMatch(/^RAFT_MISSING_PACKAGE the storage "lmdb" needs the package lmdb, .* \(npm install lmdb\)/)
  expect(await said('level')).toMatch(/^RAFT_MISSING_PACKAGE .* needs the package classic-level, .* \(npm install classic-level\)/)
  await rm(elsewhere, { recursive: true })
})
