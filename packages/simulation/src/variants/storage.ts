import type { Variant } from './variant.js'

const RECOVERY = 'packages/log-storage/src/recovery.ts'
const FORMAT = 'packages/log-storage/src/write-format.ts'
const CONTENTS = 'packages/log-storage/src/log-contents.ts'
const PLACES = 'packages/log-storage/src/place-index.ts'
const PREPARER = 'packages/log-storage/src/segment-preparer.ts'
const FILE_IO = 'packages/log-storage/src/file-io.ts'

/** The files of the log, and what a crash leaves of them. */
export const storage: readonly Variant[] = [
  {
    name: 'a torn write is accepted',
    breaks: 'the checksums of the entries are not compared when the log is opened',
    file: FORMAT,
    search: 'if (start + length > end || crc32(bytes.subarray(start, start + length)) !== checksum) return null',
    replace: 'if (start + length > end || checksum < 0) return null',
    stack: 'storage',
    maxSeeds: 200,
  },
  {
    name: 'the checksum of the meta is not compared',
    breaks: 'what a write says of its entries is believed, whole or not',
    file: FORMAT,
    search: 'if (crc32(metaBytes.subarray(at + HEADER_BYTES)) !== header.metaChecksum) return null',
    replace: '',
    stack: 'storage',
    maxSeeds: 400,
  },
  {
    name: 'a torn tail ends nothing',
    breaks: 'a write that is not whole is damage, although a crash may leave it so',
    file: RECOVERY,
    search: 'if (header !== null && !isZero(bytes, Math.min(end, bytes.length), bytes.length))',
    replace: 'if (header !== null && end <= bytes.length)',
    stack: 'storage',
    maxSeeds: 400,
  },
  {
    name: 'what was read is not stored again',
    breaks: "what a killed process wrote is counted on though only the system's memory may hold it",
    file: RECOVERY,
    search: '    await this.#storeKept(segment)\n',
    replace: '',
    stack: 'storage',
    maxSeeds: 1000,
  },
  {
    name: 'the directory is not synced',
    breaks: 'a new segment is written to before its name is durable',
    file: PREPARER,
    search: '        await this.#fileSystem.syncDirectory(this.#directory)\n        return file',
    replace: '        return file',
    stack: 'storage',
    maxSeeds: 400,
  },
  {
    name: 'a segment gets its name before its bytes',
    breaks: 'the file is not filled before it is named',
    file: PREPARER,
    search: '      await writeZeros(file, 0, this.#bytes, () => !this.#stopped)\n',
    replace: '',
    stack: 'storage',
    maxSeeds: 100,
  },
  {
    name: 'a short write is taken for whole',
    breaks: 'how much the system has written is not looked at',
    file: FILE_IO,
    search: 'if (offset + count >= length) {',
    replace: 'if (offset + count > 0) {',
    stack: 'storage',
    maxSeeds: 400,
  },
  {
    name: 'done before it is written',
    breaks: 'a write is called durable when it is handed to the system',
    file: FILE_IO,
    search: '  file.write(source, offset, length - offset, position + offset, (error, count) => {\n',
    replace:
      '  if (position > 0 && offset === 0) {\n    const finish = done\n    queueMicrotask(() => finish(null))\n    done = () => {}\n  }\n  file.write(source, offset, length - offset, position + offset, (error, count) => {\n',
    stack: 'storage',
    maxSeeds: 100,
  },
  {
    name: 'replaced entries come back when the log is opened',
    breaks: 'a later write of an index is not a truncation when it is read',
    file: CONTENTS,
    search: 'this.lastIndex = firstIndex + count - 1',
    replace: 'this.lastIndex = Math.max(this.lastIndex, firstIndex + count - 1)',
    stack: 'storage',
    maxSeeds: 400,
  },
  {
    name: 'terms of replaced entries stay',
    breaks: 'the terms are not cut where the log is truncated when it is read',
    file: CONTENTS,
    search: 'while ((this.runs.at(-1)?.firstIndex ?? 0) >= firstIndex) this.runs.pop()',
    replace: 'while ((this.runs.at(-1)?.firstIndex ?? 0) > firstIndex) this.runs.pop()',
    stack: 'storage',
    maxSeeds: 400,
  },
  {
    name: 'the hard state read is the first',
    breaks: 'a later hard state does not replace an earlier one when the log is opened',
    file: RECOVERY,
    search: 'if (body.hardState !== null) contents.hardState = body.hardState',
    replace: 'if (body.hardState !== null && contents.hardState.currentTerm === 0) contents.hardState = body.hardState',
    stack: 'storage',
    maxSeeds: 50,
  },
  {
    name: 'replaced entries are read back',
    breaks: 'where an entry lay before it was replaced is kept',
    file: PLACES,
    search: '(this.#firstIndexes[this.#count - 1] as number) >= index) this.#count -= 1',
    replace: '(this.#firstIndexes[this.#count - 1] as number) > index) this.#count -= 1',
    stack: 'storage',
    maxSeeds: 1000,
  },
  {
    name: 'reads begin a piece too early',
    breaks: 'the piece that holds an index is looked up one place too low',
    file: PLACES,
    search: 'if ((this.#firstIndexes[middle] as number) <= index) low = middle',
    replace: 'if ((this.#firstIndexes[middle] as number) < index) low = middle',
    stack: 'storage',
    maxSeeds: 400,
  },
  {
    name: 'the next write goes a sector too far',
    breaks: 'the end of the log is taken to lie one sector behind it when it is opened',
    file: RECOVERY,
    search: '        position = end\n',
    replace: '        position = end + SECTOR_BYTES\n',
    stack: 'storage',
    maxSeeds: 100,
  },
]
