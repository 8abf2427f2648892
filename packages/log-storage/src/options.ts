import { randomBytes } from 'node:crypto'
import { ConfigurationError, type GroupId, type MemberId } from '@raft/core'
import { nodeClock } from '@raft/system'
import type { DescriptorOptions } from './descriptors.js'
import type { FileSystem } from './file-system.js'
import type { ExpectedIdentity } from './identity.js'
import { nodeFileSystem } from './node-file-system.js'
import { MIN_SEGMENT_BYTES } from './segment-format.js'
import { SECTOR_BYTES } from './write-format.js'

/** What every storage in a directory is told. */
export interface LogStorageOptions {
  /** The log's own: one group of one member. Made if it is not there. */
  readonly directory: string
  /**
   * 1 to 255 bytes of UTF-8; a directory that was formatted with another id is refused. A function is called when a new directory
   * is formatted, and only then: a directory that is there keeps the id that it has, which `identity` tells.
   */
  readonly clusterId: string | (() => string | Promise<string>)
  readonly memberId: MemberId
  /** Default 0. */
  readonly group?: GroupId
  /** Where the store id comes from. Default: the system's secure random numbers. */
  readonly randomBytes?: (count: number) => Uint8Array
  /** For a new directory: where its log begins. For tests of large indexes. Default: index 0 of term 0. */
  readonly base?: { readonly index: number; readonly term: number }
}

export interface FileLogStorageOptions extends LogStorageOptions, DescriptorOptions {
  /** Size of a file, a multiple of 512. Default 16 MiB; twice that is taken at once. A larger write makes a larger file. */
  readonly segmentBytes?: number
  /** Default: the files of this machine. */
  readonly fileSystem?: FileSystem
}

/** @throws ConfigurationError */
export function completeOptions(options: FileLogStorageOptions): Required<FileLogStorageOptions> {
  const { segmentBytes = 16 * 1024 * 1024, fileSystem = nodeFileSystem, clock = nodeClock, onNoDescriptor = () => {} } = options
  if (!isWhole(segmentBytes, 0x4000_0000) || segmentBytes < MIN_SEGMENT_BYTES || segmentBytes % SECTOR_BYTES !== 0)
    throw new ConfigurationError(`segmentBytes is ${segmentBytes}: expected a multiple of 512 from 4096 to 1073741824`)
  return { ...completeCommonOptions(options), segmentBytes, fileSystem, clock, onNoDescriptor }
}

/** @throws ConfigurationError */
export function completeCommonOptions(options: LogStorageOptions): Required<LogStorageOptions> {
  const complete = { group: 0, randomBytes, base: { index: 0, term: 0 }, ...options }
  const { directory, clusterId, memberId, group, base } = complete
  if (directory.length === 0) throw new ConfigurationError('directory is empty: name the one that holds the log')
  if (!directory.isWellFormed()) throw new ConfigurationError('directory has lone surrogates, which no name of a file has')
  if (typeof clusterId === 'string') requireName('clusterId', clusterId)
  requireName('memberId', memberId)
  if (!isWhole(group, 0xffff_ffff)) throw new ConfigurationError(`group is ${group}: expected a whole number from 0 to 4294967295`)
  if (!isWhole(base.index, Number.MAX_SAFE_INTEGER) || !isWhole(base.term, Number.MAX_SAFE_INTEGER))
    throw new ConfigurationError(`base is index ${base.index} of term ${base.term}: expected whole numbers from 0 on`)
  return complete
}

/** The id that a new directory gets. @throws ConfigurationError */
export async function clusterIdToFormatWith({ clusterId }: Pick<LogStorageOptions, 'clusterId'>): Promise<string> {
  if (typeof clusterId === 'string') return clusterId
  const made = await clusterId()
  requireName('clusterId', made)
  return made
}

/** Whose log the directory has to be. */
export function expectedIdentity({ clusterId, memberId, group }: Required<LogStorageOptions>): ExpectedIdentity {
  return { clusterId: typeof clusterId === 'string' ? clusterId : null, memberId, group }
}

function requireName(name: string, value: string): void {
  const bytes = Buffer.byteLength(value)
  if (bytes < 1 || bytes > 255) throw new ConfigurationError(`${name} has ${bytes} bytes: expected 1 to 255`)
  if (!value.isWellFormed()) throw new ConfigurationError(`${name} has lone surrogates: expected text that UTF-8 can hold`)
}

function isWhole(value: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= most
}
