// @ts-check
import { execFileSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { EntryBatch, EntryKind } from '@raft/core'
import { FileLogStorage } from '../dist/index.js'
import { LevelLogStorage } from '../dist/level.js'
import { LmdbLogStorage } from '../dist/lmdb.js'

/*
 * How the storages compare: durable records a second in writes of 1, 16 and 256 records of 128 random bytes, how long a log of
 * 200,000 such records takes to open, and how many bytes of disk it takes. Rounds are interleaved, so that what else the disk
 * does meets all alike; medians are told, with the least and the most. Needs a build; `--directory` says which disk is measured.
 */

/** @typedef {import('@raft/core').LogStorage} LogStorage */

const { values } = parseArgs({
  options: {
    directory: { type: 'string', default: tmpdir() },
    rounds: { type: 'string', default: '5' },
    /** How long each measurement of writes lasts, in ms. */
    duration: { type: 'string', default: '1500' },
    records: { type: 'string', default: '200000' },
  },
})
const ROUNDS = Number(values.rounds)
const DURATION = Number(values.duration)
const RECORDS = Number(values.records)
const PAYLOAD_BYTES = 128
const BATCHES = [1, 16, 256]

/** @type {Record<string, (directory: string) => LogStorage>} */
const storages = {
  file: (directory) => new FileLogStorage({ directory, clusterId: 'bench', memberId: 'n1' }),
  lmdb: (directory) => new LmdbLogStorage({ directory, clusterId: 'bench', memberId: 'n1' }),
  level: (directory) => new LevelLogStorage({ directory, clusterId: 'bench', memberId: 'n1' }),
}

/** @param {number} firstIndex @param {number} count */
function batchOf(firstIndex, count) {
  const payloads = Array.from({ length: count }, () => randomFillSync(new Uint8Array(PAYLOAD_BYTES)))
  return EntryBatch.of(firstIndex, 1, EntryKind.Command, payloads)
}

/** @param {LogStorage} storage @param {EntryBatch} batch @returns {Promise<void>} */
function write(storage, batch) {
  return new Promise((resolve, reject) => {
    storage.write({ hardState: null, entries: [batch] }, (error) => (error === null ? resolve() : reject(error)))
  })
}

/** @param {(directory: string) => Promise<void>} use */
async function inDirectory(use) {
  const directory = mkdtempSync(join(values.directory, 'raft-bench-'))
  try {
    await use(join(directory, 'log'))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Bytes that the directory takes on the disk, holes not counted. @param {string} path @returns {number} */
function diskBytes(path) {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.blocks * 512
  return readdirSync(path).reduce((sum, name) => sum + diskBytes(join(path, name)), stats.blocks * 512)
}

/** @type {Map<string, number[]>} */
const results = new Map()

/** @param {string} what @param {string} name @param {number} value */
function note(what, name, value) {
  const key = `${what}|${name}`
  results.set(key, [...(results.get(key) ?? []), value])
}

/** @param {string} name @param {number} count */
async function measureWrites(name, count) {
  await inDirectory(async (directory) => {
    const storage = /** @type {LogStorage} */ (storages[name]?.(directory))
    let index = (await storage.open()).lastIndex + 1
    for (let i = 0; i < 20; i++, index += count) await write(storage, batchOf(index, count))
    const startedAt = performance.now()
    const first = index
    while (performance.now() - startedAt < DURATION) {
      await write(storage, batchOf(index, count))
      index += count
    }
    note(`records/s, ${count} a write`, name, ((index - first) / (performance.now() - startedAt)) * 1000)
    await storage.close()
  })
}

/** @param {string} name */
async function measureOpening(name) {
  await inDirectory(async (directory) => {
    const storage = /** @type {LogStorage} */ (storages[name]?.(directory))
    await storage.open()
    for (let index = 1; index <= RECORDS; index += 256) await write(storage, batchOf(index, Math.min(256, RECORDS - index + 1)))
    await storage.close()
    note('MB on disk', name, diskBytes(directory) / 1e6)
    const again = /** @type {LogStorage} */ (storages[name]?.(directory))
    const startedAt = performance.now()
    const { lastIndex } = await again.open()
    note('ms to open', name, performance.now() - startedAt)
    if (lastIndex !== RECORDS) throw new Error(`${name} holds ${lastIndex} records`)
    await again.close()
  })
}

for (let round = 0; round < ROUNDS; round++) {
  for (const count of BATCHES) for (const name of Object.keys(storages)) await measureWrites(name, count)
  for (const name of Object.keys(storages)) await measureOpening(name)
}

/** @param {string} name */
function versionOf(name) {
  const require = createRequire(import.meta.url)
  const entry = require.resolve(name)
  const end = entry.lastIndexOf(`/node_modules/${name}/`) + `/node_modules/${name}/`.length
  return `${name} ${JSON.parse(readFileSync(`${entry.slice(0, end)}package.json`, 'utf8')).version}`
}

/** @param {number} value */
const rounded = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1))

const disk = execFileSync('df', ['--output=fstype', values.directory], { encoding: 'utf8' }).trim().split('\n').at(-1)
console.log(`Node ${process.versions.node}, ${versionOf('lmdb')}, ${versionOf('classic-level')}`)
console.log(`${cpus().length} x ${cpus()[0]?.model}, Linux ${release()}, ${disk}; ${ROUNDS} rounds, median (least to most)\n`)
for (const [key, numbers] of [...results].sort()) {
  const [what, name] = key.split('|')
  const sorted = numbers.sort((a, b) => a - b)
  const median = /** @type {number} */ (sorted[sorted.length >> 1])
  console.log(
    `${what?.padEnd(24)} ${name?.padEnd(6)} ${rounded(median).padStart(10)}  (${rounded(sorted[0] ?? 0)} to ${rounded(sorted.at(-1) ?? 0)})`,
  )
}
