import { OtherBackendError } from './errors.js'
import { segmentNumber } from './segment-format.js'

/** What a directory's log may be kept in. A database lies in a subdirectory of this name, segments in the directory itself. */
export type Backend = 'file' | 'lmdb' | 'level'

const DATABASES: readonly Backend[] = ['lmdb', 'level']

/** What a database is called until it is formatted: left over by a crash, it holds nothing. */
export function unfinishedName(backend: Backend): string {
  return `${backend}.tmp`
}

/** Names that opening may find in a directory without a log, and take for nothing. */
export const UNFINISHED_NAMES: readonly string[] = DATABASES.map(unfinishedName)

/** @throws OtherBackendError when the directory holds the log of another one. */
export function refuseOtherBackends(directory: string, names: readonly string[], own: Backend): void {
  const found: Backend[] = DATABASES.filter((database) => names.includes(database))
  if (names.some((name) => segmentNumber(name) !== null)) found.push('file')
  const other = found.find((backend) => backend !== own)
  if (other !== undefined) throw new OtherBackendError(directory, other, own)
}
