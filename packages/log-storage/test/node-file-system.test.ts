import { constants, existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FileLogStorage, nodeFileSystem, type StorageFile } from '../src/index.js'
import { commands, contentsOf, read, write } from './support/log.js'

type Done = (error: NodeJS.ErrnoException | null, count: number) => void

const direct = vi.hoisted(() => ({
  isRefused: false,
  writes: 0,
  closed: [] as number[],
  isDirect: (_descriptor: number) => false as boolean,
}))

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>()
  return {
    ...fs,
    close(descriptor: number, done: (error: NodeJS.ErrnoException | null) => void) {
      direct.closed.push(descriptor)
      fs.close(descriptor, done)
    },
    write(descriptor: number, source: Uint8Array, offset: number, length: number, position: number, done: Done) {
      if (!direct.isDirect(descriptor)) return fs.write(descriptor, source, offset, length, position, done)
      direct.writes += 1
      // As a disk with larger sectors does.
      if (direct.isRefused) return setImmediate(done, Object.assign(new Error('EINVAL: invalid argument, write'), { code: 'EINVAL' }), 0)
      return fs.write(descriptor, source, offset, length, position, done)
    },
  }
})

direct.isDirect = (descriptor) => {
  const about = `/proc/self/fdinfo/${descriptor}`
  if (constants.O_DIRECT === undefined || !existsSync(about)) return false
  const flags = Number.parseInt(/flags:\s+(\d+)/.exec(readFileSync(about, 'utf8'))?.[1] ?? '0', 8)
  return (flags & constants.O_DIRECT) !== 0
}

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(`${tmpdir()}/raft-files-`)
  direct.isRefused = false
  direct.writes = 0
  direct.closed = []
})

afterEach(() => rm(directory, { recursive: true }))

function open(): FileLogStorage {
  return new FileLogStorage({ directory: `${directory}/log`, clusterId: 'c1', memberId: 'n1', segmentBytes: 64 * 1024 })
}

async function writeSome(storage: FileLogStorage, count: number): Promise<string[]> {
  const { lastIndex } = await storage.open()
  for (let i = lastIndex + 1; i <= lastIndex + count; i++) await write(storage, [commands(i, 1, [`entry ${i} `.repeat(i)])])
  return Array.from({ length: count }, (_, i) => `1:${`entry ${lastIndex + i + 1} `.repeat(lastIndex + i + 1)}`)
}

test.skipIf(process.platform !== 'linux')('the log is written past the page cache', async () => {
  const storage = open()
  const entries = await writeSome(storage, 100)
  await storage.close()
  expect(direct.writes).toBeGreaterThan(100)
  const again = open()
  expect((await contentsOf(again)).entries).toEqual(entries)
  await again.close()
})

test('a disk whose sectors are larger than ours is written through the page cache', async () => {
  direct.isRefused = true
  const storage = open()
  const entries = await writeSome(storage, 100)
  // Each file was tried once.
  expect(direct.writes).toBeLessThan(20)
  await storage.close()
  const again = open()
  expect((await contentsOf(again)).entries).toEqual(entries)
  await again.close()
})

test.skipIf(constants.O_DIRECT === undefined)('and is told so once, though two writes were under way', async () => {
  direct.isRefused = true
  const file = await nodeFileSystem.create(`${directory}/two`)
  const memory = nodeFileSystem.allocate?.(8192) ?? new Uint8Array(8192)
  await Promise.all([put(file, memory, 0, 4096, 0), put(file, memory, 4096, 4096, 4096)])
  expect(direct.writes).toBe(2)
  await file.close()
  expect(direct.closed).toHaveLength(2)
  expect(new Set(direct.closed).size).toBe(2)
})

test('what is durable is read as it was written, also out of pages that were read before', async () => {
  const storage = open()
  await storage.open()
  for (let i = 1; i <= 300; i++) {
    const last = `entry ${i}`
    // The page that this is written to is read meanwhile, for the entries before.
    const reads = i > 10 ? [read(storage, i - 10, i - 1), read(storage, i - 1, i - 1)] : []
    await write(storage, [commands(i, 1, [last])])
    await Promise.all(reads)
    expect(Buffer.from((await read(storage, i, i)).payload(i)).toString()).toBe(last)
  }
  await storage.close()
})

function put(file: StorageFile, source: Uint8Array, offset: number, length: number, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    file.write(source, offset, length, position, (error, count) => {
      if (error !== null) reject(error)
      else if (count !== length) reject(new Error(`${count} of ${length} bytes were written`))
      else resolve()
    })
  })
}

test('any memory, place and length can be written, with memory of the file system or other', async () => {
  const file = await nodeFileSystem.create(`${directory}/any`)
  const ours = nodeFileSystem.allocate?.(8192) ?? new Uint8Array(8192)
  const model = new Uint8Array(64 * 1024)
  await put(file, model, 0, model.length, 0)
  let seed = 1
  const below = (limit: number): number => {
    seed = (seed * 48_271) % 0x7fff_ffff
    return seed % limit
  }
  for (let i = 0; i < 400; i++) {
    const memory = below(2) === 0 ? ours : new Uint8Array(8192)
    memory.fill(below(256))
    const unit = below(2) === 0 ? 512 : 1
    const offset = unit * below(1024 / unit)
    const length = unit * (1 + below(4096 / unit))
    const position = unit * below((model.length - length) / unit)
    await put(file, memory, offset, length, position)
    model.set(memory.subarray(offset, offset + length), position)
    const found = new Uint8Array(model.length)
    await new Promise<void>((resolve) => file.read(found, 0, found.length, 0, () => resolve()))
    expect(Buffer.compare(found, model)).toBe(0)
  }
  await file.close()
})
