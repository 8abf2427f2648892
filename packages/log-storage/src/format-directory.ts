import { UNFINISHED_NAMES } from './backends.js'
import { ForeignFilesError } from './errors.js'
import { writeAllAsync, writeZeros } from './file-io.js'
import { clusterIdToFormatWith, type FileLogStorageOptions } from './options.js'
import { encodeSegmentMeta, FORMATTING_NAME, LOCK_NAME, PREPARING_NAME, segmentName } from './segment-format.js'
import { encodeWrite, SALT_BYTES } from './write-format.js'

/** What we, or a file system by itself, may have put into a directory that holds no log. */
const HARMLESS = new Set([LOCK_NAME, FORMATTING_NAME, PREPARING_NAME, ...UNFINISHED_NAMES, 'lost+found'])

/**
 * Files whose names begin with a dot are not ours, nor of what a log is kept in: version control, file managers and network file
 * systems put them into directories that are empty to everybody else.
 *
 * @throws ForeignFilesError when a directory without a log holds anything else.
 */
export function refuseForeignFiles(directory: string, names: readonly string[]): void {
  const foreign = names.find((name) => !HARMLESS.has(name) && !name.startsWith('.'))
  if (foreign !== undefined) throw new ForeignFilesError(directory, foreign)
}

/** Makes the first segment of a new log. It gets its name when it is whole and durable: a crash leaves all of it or nothing. */
export async function formatDirectory(options: Required<FileLogStorageOptions>, names: readonly string[]): Promise<void> {
  const { directory, fileSystem, segmentBytes, base } = options
  refuseForeignFiles(directory, names)
  const clusterId = await clusterIdToFormatWith(options)
  const meta = encodeSegmentMeta({
    number: 1,
    allocated: segmentBytes,
    baseIndex: base.index,
    baseTerm: base.term,
    storeId: Buffer.from(options.randomBytes(16)).toString('hex'),
    clusterId,
    memberId: options.memberId,
  })
  const hardState = { currentTerm: base.term, votedFor: null }
  const salt = options.randomBytes(SALT_BYTES)
  const first = { sequence: 1, previous: 0 }
  const { bytes, length } = encodeWrite(first, options.group, salt, hardState, meta, [], (count) => new Uint8Array(count))
  const path = `${directory}/${FORMATTING_NAME}`
  const file = await fileSystem.create(path)
  try {
    await writeZeros(file, 0, segmentBytes)
    await writeAllAsync(file, bytes, length, 0)
  } finally {
    await file.close()
  }
  // Recovery comes next, and syncs the directory before anything is counted on.
  await fileSystem.rename(path, `${directory}/${segmentName(1)}`)
}
