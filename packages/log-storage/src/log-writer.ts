import type { HardState, LogWrite } from '@raft/core'
import { queueMicrotask } from '@raft/system'
import { writeAll } from './file-io.js'
import type { FileSystem, StorageFile } from './file-system.js'
import type { Identity } from './identity.js'
import type { PlaceIndex } from './place-index.js'
import type { Recovered } from './recovery.js'
import { encodeSegmentMeta } from './segment-format.js'
import type { SegmentPreparer } from './segment-preparer.js'
import { type EncodedWrite, encodeWrite } from './write-format.js'
import { checkOrder } from './write-order.js'

/** A larger buffer than this is not kept for the next write. */
const KEPT_BUFFER_BYTES = 4 * 1024 * 1024
/** The first write of a segment is no longer. Where no more stands, a large write would not fit into another one either. */
const SEGMENT_HEAD_BYTES = 1024

/** Appends writes to the newest segment, one at a time, each durable before the next begins. */
export class LogWriter {
  readonly #identity: Identity
  readonly #salt: Uint8Array
  readonly #segmentBytes: number
  readonly #preparer: SegmentPreparer
  readonly #places: PlaceIndex
  readonly #base: { readonly index: number; readonly term: number }
  #hardState: HardState
  #lastIndex: number
  #segment: number
  #file: StorageFile
  /** Settled when the files of former segments are closed. */
  #closing: Promise<void> = Promise.resolve()
  #position: number
  #sequence: number
  #checksum: number
  readonly #memory: (bytes: number) => Uint8Array
  #buffer: Uint8Array

  constructor(recovered: Recovered, fileSystem: FileSystem, file: StorageFile, preparer: SegmentPreparer, segmentBytes: number) {
    const { contents } = recovered
    this.#memory = (bytes) => fileSystem.allocate?.(bytes) ?? new Uint8Array(bytes)
    this.#buffer = this.#memory(64 * 1024)
    this.#identity = recovered.identity
    this.#salt = recovered.salt
    this.#segmentBytes = segmentBytes
    this.#preparer = preparer
    this.#places = contents.places
    this.#base = { index: contents.baseIndex, term: contents.baseTerm }
    this.#hardState = contents.hardState
    this.#lastIndex = contents.lastIndex
    this.#segment = recovered.segment
    this.#file = file
    this.#position = recovered.position
    this.#sequence = recovered.sequence
    this.#checksum = recovered.checksum
  }

  get lastIndex(): number {
    return this.#lastIndex
  }

  get firstIndex(): number {
    return this.#base.index + 1
  }

  /** Calls `done` when the write is durable, or cannot be; after an error it must not be called again. */
  write(write: LogWrite, done: (error: Error | null) => void): void {
    let encoded: EncodedWrite
    try {
      checkOrder(write, this.#base.index, this.#lastIndex)
      encoded = this.#encode(write)
    } catch (error) {
      queueMicrotask(() => done(asError(error)))
      return
    }
    if (this.#position + encoded.length <= this.#segmentBytes || this.#position <= SEGMENT_HEAD_BYTES) {
      this.#append(write, encoded, done)
      return
    }
    this.#beginSegment((error) => {
      if (error !== null) {
        done(error)
        return
      }
      // It follows another write now.
      this.#append(write, this.#encode(write), done)
    })
  }

  /** With the files of former segments that are being closed. */
  async closeFile(): Promise<void> {
    await Promise.allSettled([this.#closing, this.#file.close()])
  }

  #append(write: LogWrite, encoded: EncodedWrite, done: (error: Error | null) => void): void {
    writeAll(this.#file, encoded.bytes, encoded.length, this.#position, (error) => {
      if (error !== null) {
        done(error)
        return
      }
      if (write.hardState !== null) this.#hardState = write.hardState
      const first = encoded.pieces[0]
      if (first !== undefined && first.firstIndex <= this.#lastIndex) this.#places.truncate(first.firstIndex)
      for (const piece of encoded.pieces)
        this.#places.add(piece.firstIndex, this.#segment, this.#position + piece.at, piece.length, piece.checksum)
      for (const batch of write.entries) if (batch.count > 0) this.#lastIndex = batch.lastIndex
      this.#advance(encoded)
      done(null)
    })
  }

  /** Goes to the segment that was prepared, and has its first write durable before the one that follows it begins. */
  #beginSegment(done: (error: Error | null) => void): void {
    this.#preparer.take().then(
      (file) => {
        const number = this.#segment + 1
        const meta = encodeSegmentMeta({
          number,
          allocated: this.#segmentBytes,
          baseIndex: this.#base.index,
          baseTerm: this.#base.term,
          storeId: this.#identity.storeId,
          clusterId: this.#identity.clusterId,
          memberId: this.#identity.memberId,
        })
        const link = { sequence: this.#sequence + 1, previous: this.#checksum }
        const encoded = encodeWrite(link, this.#identity.group, this.#salt, this.#hardState, meta, [], this.#allocate)
        const old = this.#file
        this.#file = file
        this.#segment = number
        this.#position = 0
        // Everything in it is durable, so that an error of closing says nothing.
        this.#closing = Promise.all([this.#closing, old.close().catch(() => {})]).then(() => {})
        writeAll(file, encoded.bytes, encoded.length, 0, (error) => {
          if (error !== null) {
            done(error)
            return
          }
          this.#advance(encoded)
          this.#preparer.start(number + 1)
          done(null)
        })
      },
      (error: unknown) => done(asError(error)),
    )
  }

  #advance(encoded: EncodedWrite): void {
    this.#position += encoded.length
    this.#sequence += 1
    this.#checksum = encoded.checksum
  }

  #encode(write: LogWrite): EncodedWrite {
    const link = { sequence: this.#sequence + 1, previous: this.#checksum }
    return encodeWrite(link, this.#identity.group, this.#salt, write.hardState, null, write.entries, this.#allocate)
  }

  /** One write is in flight, so that one buffer serves all. */
  readonly #allocate = (bytes: number): Uint8Array => {
    if (bytes <= this.#buffer.length) return this.#buffer
    if (bytes > KEPT_BUFFER_BYTES) return this.#memory(bytes)
    this.#buffer = this.#memory(Math.max(bytes, this.#buffer.length * 2))
    return this.#buffer
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
