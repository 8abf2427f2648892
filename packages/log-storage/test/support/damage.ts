import { DIRECTORY } from './log.js'
import type { TestDisk } from './test-disk.js'

const SECTOR = 512

export interface Damage {
  /** In words, for whoever looks at a failure. */
  readonly what: string
  /** What may have vanished without a trace, which no log can tell from its own files alone. */
  readonly vanished: Vanished
}

type Vanished = 'nothing' | 'the last write' | 'the last writes'

type Random = TestDisk['simulated']['random']

/** Changes the log's files in one way or another. */
export function damageAtRandom(disk: TestDisk, random: Random): Damage {
  const logs = disk.paths().filter((path) => path.endsWith('.log'))
  const path = random.pick(logs)
  const way = random.pick(WAYS)
  return way(disk, path, random, logs)
}

type Way = (disk: TestDisk, path: string, random: Random, logs: readonly string[]) => Damage

const WAYS: readonly Way[] = [cut, flip, flip, zero, zeroSector, scramble, copyWithin, swapSectors, grow, swapFiles, duplicate, remove, add]

function cut(disk: TestDisk, path: string, random: Random): Damage {
  const bytes = disk.contents(path)
  const at = random.below(bytes.length)
  disk.replace(path, bytes.slice(0, at))
  // Only a write larger than a segment lies behind the size that the segment knows of.
  return { what: `${path} cut at ${at}`, vanished: bytes.length > 4096 ? 'the last writes' : 'nothing' }
}

function flip(disk: TestDisk, path: string, random: Random): Damage {
  const at = random.below(disk.contents(path).length)
  disk.change(path, (bytes) => {
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
  })
  return { what: `${path} flipped at ${at}`, vanished: 'nothing' }
}

/** A range of at most so many bytes. Two writes share no sector, so that one that lies in a sector hides no more than one write. */
function range(length: number, random: Random): { from: number; to: number; vanished: Vanished } {
  const from = random.below(length)
  const to = from + Math.min(length - from, 1 + Math.floor(random.next() ** 3 * 2500))
  const isOneSector = Math.floor(from / SECTOR) === Math.floor((to - 1) / SECTOR)
  return { from, to, vanished: isOneSector ? 'the last write' : 'the last writes' }
}

function zero(disk: TestDisk, path: string, random: Random): Damage {
  const { from, to, vanished } = range(disk.contents(path).length, random)
  disk.change(path, (bytes) => bytes.fill(0, from, to))
  return { what: `${path} zero from ${from} to ${to}`, vanished }
}

function zeroSector(disk: TestDisk, path: string, random: Random): Damage {
  const sector = random.below(disk.contents(path).length / SECTOR)
  disk.change(path, (bytes) => bytes.fill(0, sector * SECTOR, (sector + 1) * SECTOR))
  return { what: `${path} zero in sector ${sector}`, vanished: 'the last write' }
}

function scramble(disk: TestDisk, path: string, random: Random): Damage {
  const { from, to, vanished } = range(disk.contents(path).length, random)
  disk.change(path, (bytes) => bytes.set(random.bytes(to - from), from))
  return { what: `${path} scrambled from ${from} to ${to}`, vanished }
}

function copyWithin(disk: TestDisk, path: string, random: Random): Damage {
  const { from, to, vanished } = range(disk.contents(path).length, random)
  const source = random.below(disk.contents(path).length - (to - from))
  disk.change(path, (bytes) => bytes.copyWithin(from, source, source + to - from))
  return { what: `${path} copied from ${source} to ${from}, ${to - from} bytes`, vanished }
}

function swapSectors(disk: TestDisk, path: string, random: Random): Damage {
  const sectors = disk.contents(path).length / SECTOR
  const one = random.below(sectors)
  const other = random.below(sectors)
  disk.change(path, (bytes) => {
    const kept = bytes.slice(one * SECTOR, (one + 1) * SECTOR)
    bytes.copyWithin(one * SECTOR, other * SECTOR, (other + 1) * SECTOR)
    bytes.set(kept, other * SECTOR)
  })
  return { what: `${path} sectors ${one} and ${other} swapped`, vanished: 'nothing' }
}

function grow(disk: TestDisk, path: string, random: Random): Damage {
  const more = random.chance(0.5) ? random.bytes(1 + random.below(600)) : new Uint8Array(1 + random.below(600))
  disk.replace(path, Buffer.concat([disk.contents(path), more]))
  return { what: `${path} longer by ${more.length}`, vanished: 'nothing' }
}

function swapFiles(disk: TestDisk, path: string, random: Random, logs: readonly string[]): Damage {
  const other = random.pick(logs)
  const bytes = disk.contents(path)
  disk.replace(path, disk.contents(other))
  disk.replace(other, bytes)
  return { what: `${path} and ${other} swapped`, vanished: 'nothing' }
}

function duplicate(disk: TestDisk, path: string, random: Random, logs: readonly string[]): Damage {
  const other = random.pick(logs)
  disk.replace(other, disk.contents(path))
  // The segment that was made ready is all zeros.
  return { what: `${path} in place of ${other}`, vanished: 'the last writes' }
}

function remove(disk: TestDisk, path: string, _random: Random, logs: readonly string[]): Damage {
  disk.delete(path)
  return { what: `${path} deleted`, vanished: path === logs.at(-1) ? 'the last writes' : 'nothing' }
}

function add(disk: TestDisk, path: string, random: Random, logs: readonly string[]): Damage {
  const name = `${DIRECTORY}/${String(logs.length + 1).padStart(16, '0')}.log`
  disk.replace(name, random.chance(0.5) ? disk.contents(path) : random.bytes(4096))
  return { what: `${name} added`, vanished: 'nothing' }
}
