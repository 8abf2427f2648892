import { FormatError, Reader } from '@raft/core'
import { IdentityMismatchError, LogDamagedError, UnsupportedFormatError } from './errors.js'
import { readAllAsync, writeAllAsync, writeZeros } from './file-io.js'
import type { FileSystem, StorageFile } from './file-system.js'
import { FileWindow } from './file-window.js'
import { type ExpectedIdentity, type Identity, isExpected } from './identity.js'
import { LogContents } from './log-contents.js'
import { decodeSegmentMeta, MIN_SEGMENT_BYTES, type SegmentMeta, segmentName } from './segment-format.js'
import {
  alignToSector,
  FORMAT_VERSION,
  HEADER_BYTES,
  isZero,
  parseBody,
  parseHeader,
  SECTOR_BYTES,
  saltAt,
  type WriteBody,
  type WriteHeader,
} from './write-format.js'

/** A write that was cut short, or damaged while it was the last one; it counts as never made. */
export interface TornWrite {
  readonly file: string
  /** In bytes from the beginning of the file. */
  readonly offset: number
}

/** Stands where a torn write began until what follows is erased. Not a header, and not zero. */
const BEING_ERASED = new Uint8Array(SECTOR_BYTES).fill(0xff)

export interface Recovered {
  readonly contents: LogContents
  readonly identity: Identity
  readonly salt: Uint8Array
  /** The segment that the next write goes to, and where in it. */
  readonly segment: number
  readonly position: number
  /** Of the last write. */
  readonly sequence: number
  readonly checksum: number
  readonly torn: TornWrite | null
}

/**
 * Reads the segments from the first on, and repairs what a crash left behind.
 *
 * The chain is followed write by write. Where it does not go on, either nothing was written (zeros up to the end), or the
 * bytes are damaged. Pages of one unsynced write reach the disk in any order, and write N+1 begins only when N is durable.
 * So damage in N is a torn tail unless something shows that N+1 was begun: a header of a later sequence number anywhere
 * behind, a byte that is not zero behind the end of N where N's own header says where that is, or in a later segment.
 */
export class Recovery {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #expected: ExpectedIdentity
  readonly #numbers: readonly number[]
  #contents: LogContents | null = null
  #identity: Identity | null = null
  #salt: Uint8Array | null = null
  #sequence = 0
  #checksum = 0
  /** The bytes of the last write that is whole, and where in its segment it begins. */
  #last = new Uint8Array(0)
  #lastAt = 0
  readonly #window = new FileWindow()

  /** `numbers`: of the segments that are there, ascending, at least one. */
  constructor(fileSystem: FileSystem, directory: string, expected: ExpectedIdentity, numbers: readonly number[]) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#expected = expected
    this.#numbers = numbers
  }

  async run(): Promise<Recovered> {
    this.#assertNoneMissing()
    let segment = 0
    let position = 0
    let spare = 0
    let torn: TornWrite | null = null
    for (let i = 0; i < this.#numbers.length; i++) {
      const number = this.#numbers[i] as number
      const { end, size, cleanEnd } = await this.#readSegment(number)
      if (end > 0) {
        segment = number
        position = end
        // What is being erased is marked over a whole sector; nothing else makes a segment longer.
        spare = cleanEnd ? Math.min(SECTOR_BYTES, Math.max(size - end, 0)) : SECTOR_BYTES
      }
      if (end > 0 && cleanEnd) continue
      await this.#refuseUnlessTorn(i, end, cleanEnd)
      if (!cleanEnd) torn = { file: this.#path(number), offset: end }
      if (end > 0) await this.#erase(number, end, size)
      break
    }
    await this.#storeKept(segment, spare)
    await this.#removeUnused(segment)
    const { contents, identity, salt } = this.#found()
    return { contents, identity, salt, segment, position, sequence: this.#sequence, checksum: this.#checksum, torn }
  }

  #assertNoneMissing(): void {
    for (let i = 0; i < this.#numbers.length; i++) {
      if (this.#numbers[i] !== i + 1) throw new LogDamagedError(this.#path(i + 1), 0, 'the file is missing, and a later one is there')
    }
  }

  /** Tells where the first write that is not whole would begin, and whether there are but zeros from there on. */
  async #readSegment(number: number): Promise<{ end: number; size: number; cleanEnd: boolean }> {
    return this.#with(number, async (file) => {
      await this.#window.open(file)
      const { size } = this.#window
      if (size < MIN_SEGMENT_BYTES) throw this.#damaged(number, size, 'the file was cut short')
      const end = await this.#follow(number)
      return { end, size: this.#window.size, cleanEnd: await isZeroFrom(this.#window, end) }
    })
  }

  /** Takes in writes from the beginning of the segment; tells where the first that is not whole would begin. */
  async #follow(number: number): Promise<number> {
    let at = 0
    for (;;) {
      const write = await this.#nextWrite(number, at)
      if (write === null) break
      const { header, body } = write
      if (header.isSegment !== (at === 0)) throw this.#damaged(number, at, 'a segment begins where none can')
      this.#take(number, at, header, body)
      at += alignToSector(HEADER_BYTES + header.bodyLength)
    }
    const { bytes, from } = this.#window
    if (at > 0) this.#last = bytes.slice(this.#lastAt - from, at - from)
    return at
  }

  /** The write that begins at `at` if it is whole and goes on with the chain. The one before stays in the window: it may be the last. */
  async #nextWrite(number: number, at: number): Promise<{ header: WriteHeader; body: WriteBody } | null> {
    const window = this.#window
    const keepFrom = at === 0 ? 0 : this.#lastAt
    if (!window.has(at + HEADER_BYTES)) await window.load(keepFrom, at + HEADER_BYTES)
    const header = parseHeader(window.bytes, at - window.from, this.#salt)
    if (header === null) return null
    if (header.version !== FORMAT_VERSION) throw new UnsupportedFormatError(this.#path(number), header.version, FORMAT_VERSION)
    if (header.sequence !== this.#sequence + 1 || header.previous !== this.#checksum) return null
    const end = at + HEADER_BYTES + header.bodyLength
    if (!window.has(end)) await window.load(keepFrom, end)
    const body = parseBody(window.bytes, at - window.from, header)
    return body === null ? null : { header, body }
  }

  #take(number: number, at: number, header: WriteHeader, body: WriteBody): void {
    if (header.isSegment) this.#takeSegment(number, header, body)
    const { bytes, from } = this.#window
    const contents = this.#found().contents
    if (body.hardState !== null) contents.hardState = body.hardState
    for (const piece of body.pieces) {
      const wrong = contents.add(new Reader(bytes, at - from + piece.at), number, at + piece.at, piece)
      if (wrong !== null) throw this.#damaged(number, at, wrong)
    }
    this.#lastAt = at
    this.#sequence = header.sequence
    this.#checksum = header.checksum
  }

  #takeSegment(number: number, header: WriteHeader, body: WriteBody): void {
    const { bytes, size } = this.#window
    const meta = this.#decode(number, body)
    if (meta.number !== number) throw this.#damaged(number, 0, `it is segment ${meta.number} under another name`)
    const identity: Identity = { clusterId: meta.clusterId, storeId: meta.storeId, memberId: meta.memberId, group: header.group }
    const expected = this.#expected
    if (!isExpected(identity, expected)) throw new IdentityMismatchError(this.#directory, identity, expected)
    if (size < meta.allocated)
      throw this.#damaged(number, size, `the file was cut short: it had ${meta.allocated} bytes before it was first used`)
    this.#identity ??= identity
    this.#salt ??= saltAt(bytes, 0)
    this.#contents ??= new LogContents(meta.baseIndex, meta.baseTerm)
  }

  #decode(number: number, body: WriteBody): SegmentMeta {
    try {
      return decodeSegmentMeta(body.meta)
    } catch (error) {
      if (error instanceof FormatError) throw this.#damaged(number, 0, error.message)
      throw error
    }
  }

  /** What begins at `at` is not whole, or nothing (`isClean`): throws unless nothing was written after it. */
  async #refuseUnlessTorn(i: number, at: number, isClean: boolean): Promise<void> {
    const number = this.#numbers[i] as number
    if (this.#salt === null) throw this.#damaged(number, 0, 'the beginning of the log cannot be read')
    if (!isClean) this.#refuseWhatFollows(number, await this.#load(number), at, this.#salt)
    for (const later of this.#numbers.slice(i + 1)) {
      if (!(await this.#isUnused(later)))
        throw this.#damaged(number, at, `write ${this.#sequence + 1} is missing, and ${segmentName(later)} follows`)
    }
  }

  /** Throws when something in the same segment was written after what begins at `at`. */
  #refuseWhatFollows(number: number, bytes: Uint8Array, at: number, salt: Uint8Array): void {
    const header = parseHeader(bytes, at, salt)
    const isNext = header !== null && header.sequence === this.#sequence + 1 && header.previous === this.#checksum
    if (header !== null && !isNext) throw this.#damaged(number, at, `write ${header.sequence} where ${this.#sequence + 1} was due`)
    const end = header === null ? at : at + alignToSector(HEADER_BYTES + header.bodyLength)
    if (header !== null && !isZero(bytes, Math.min(end, bytes.length), bytes.length))
      throw this.#damaged(number, at, `write ${this.#sequence + 1} is not whole, and another was written behind it`)
    for (let place = at + SECTOR_BYTES; place < bytes.length; place += SECTOR_BYTES) {
      const later = parseHeader(bytes, place, salt)
      if (later !== null && later.sequence > this.#sequence + 1)
        throw this.#damaged(number, at, `write ${this.#sequence + 1} is not whole, and write ${later.sequence} follows at byte ${place}`)
    }
  }

  async #isUnused(number: number): Promise<boolean> {
    return this.#with(number, async (file) => {
      await this.#window.open(file)
      return isZeroFrom(this.#window, 0)
    })
  }

  async #load(number: number): Promise<Uint8Array> {
    return this.#with(number, async (file) => {
      const bytes = new Uint8Array(await file.size())
      const count = await readAllAsync(file, bytes, 0)
      return bytes.subarray(0, count)
    })
  }

  /**
   * All but the first sector, in which a mark is left: were the zeros not stored, for an error or a kill, readers might see
   * them all the same, and what they cover would come back behind a later write. As long as the mark stands it is done again.
   */
  async #erase(number: number, from: number, to: number): Promise<void> {
    await this.#with(number, async (file) => {
      await writeAllAsync(file, BEING_ERASED, BEING_ERASED.length, from)
      await writeZeros(file, from + SECTOR_BYTES, to)
    })
  }

  /**
   * What a killed process wrote may be in the system's memory only, and is counted on from now on. After an error of writing,
   * systems take such pages for stored, and a sync would do nothing (fsync is not retried): so the last write is written again,
   * and the zeros of the sector behind it, as far as there are any. All before it was durable before it was begun.
   */
  async #storeKept(segment: number, spare: number): Promise<void> {
    const bytes = new Uint8Array(this.#last.length + spare)
    bytes.set(this.#last)
    await this.#with(segment, (file) => writeAllAsync(file, bytes, bytes.length, this.#lastAt))
    await this.#fileSystem.syncDirectory(this.#directory)
  }

  /** Segments that were prepared and hold no whole write. The last goes first, so that a crash leaves no gap. */
  async #removeUnused(segment: number): Promise<void> {
    for (const number of [...this.#numbers].reverse()) {
      if (number <= segment) return
      await this.#fileSystem.remove(this.#path(number))
      await this.#fileSystem.syncDirectory(this.#directory)
    }
  }

  async #with<T>(number: number, use: (file: StorageFile) => Promise<T>): Promise<T> {
    const file = await this.#fileSystem.open(this.#path(number))
    try {
      return await use(file)
    } finally {
      await file.close()
    }
  }

  #found(): { contents: LogContents; identity: Identity; salt: Uint8Array } {
    const [contents, identity, salt] = [this.#contents, this.#identity, this.#salt]
    if (contents === null || identity === null || salt === null) throw this.#damaged(1, 0, 'the beginning of the log cannot be read')
    return { contents, identity, salt }
  }

  #damaged(number: number, at: number, what: string): LogDamagedError {
    return new LogDamagedError(this.#path(number), at, what)
  }

  #path(number: number): string {
    return `${this.#directory}/${segmentName(number)}`
  }
}

/** Whether the file that the window is on holds nothing but zeros from `at` on, which the window has come to. */
async function isZeroFrom(window: FileWindow, at: number): Promise<boolean> {
  for (let from = at; ; from = window.to) {
    if (!window.has(from + 1)) await window.load(from, from + 1)
    if (!isZero(window.bytes, from - window.from, window.to - window.from)) return false
    if (window.to === window.size) return true
  }
}
