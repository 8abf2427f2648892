import { FormatError, type Reader, type Writer } from '@raft/core'

/** What the plaintext of a sealed datagram consists of. */
export const Frame = {
  /** A whole message, unreliably. length u16, message. */
  Message: 1,
  /** A piece of a message of the ordered stream. message u64, total u32, offset u32, length u16, bytes. */
  Fragment: 2,
  /** delay u32 (µs), window u32, ranges u8, then last u64 and length u32 of each range, newest first. */
  Acknowledgement: 3,
  /** Wants to be acknowledged at once: the sender cannot go on otherwise. */
  Ping: 4,
  /** The rest of the datagram says nothing. Since version 3. */
  Padding: 5,
} as const

/** From this version of the protocol on, what is sent again may be cut in other places than at first, and datagrams may be padded. */
export const VERSION_WITH_RESIZING = 3

export const MESSAGE_HEADER = 1 + 2
export const FRAGMENT_HEADER = 1 + 8 + 4 + 4 + 2
const RANGE_BYTES = 8 + 4
const ACK_HEADER = 1 + 4 + 4 + 1
const MAX_RANGES = 32

export interface Range {
  first: number
  last: number
}

export interface Acknowledgement {
  /** Newest first, with gaps between; at least one. */
  readonly ranges: readonly Range[]
  /** Milliseconds that the newest waited for this. */
  readonly delay: number
  /** Bytes of receive buffer, as `kernelCost` counts them. */
  readonly window: number
}

/** Writes as many ranges as fit into `room`. */
export function writeAcknowledgement(writer: Writer, ack: Acknowledgement, room: number): void {
  const count = Math.min(ack.ranges.length, MAX_RANGES, Math.floor((room - ACK_HEADER) / RANGE_BYTES))
  writer.u8(Frame.Acknowledgement)
  writer.u32(Math.min(0xffff_ffff, Math.round(ack.delay * 1000)))
  writer.u32(ack.window)
  writer.u8(count)
  for (let i = 0; i < count; i++) {
    const range = ack.ranges[i] as Range
    writer.u64(range.last)
    writer.u32(range.last - range.first)
  }
}

/** @throws FormatError for what `writeAcknowledgement` does not write. */
export function readAcknowledgement(reader: Reader): Acknowledgement {
  const delay = reader.u32() / 1000
  const window = reader.u32()
  const count = reader.u8()
  const ranges: Range[] = []
  let end = Number.POSITIVE_INFINITY
  for (let i = 0; i < count; i++) {
    const last = reader.u64()
    const first = last - reader.u32()
    if (first < 0 || last >= end) throw new FormatError('ranges out of order')
    ranges.push({ first, last })
    end = first - 1
  }
  if (count === 0) throw new FormatError('an acknowledgement of nothing')
  return { ranges, delay, window }
}

/** As written, for the room it takes. */
export const SMALLEST_ACK = ACK_HEADER + RANGE_BYTES

export function readLength(reader: Reader): number {
  return reader.u8() | (reader.u8() << 8)
}

export type OnFragment = (number: number, total: number, offset: number, bytes: Uint8Array) => boolean

/**
 * Whether `accept` says yes to every fragment among the frames; stops at the first no.
 * @throws FormatError for frames that are cut short.
 */
export function everyFragment(reader: Reader, accept: OnFragment): boolean {
  while (reader.remaining > 0) {
    switch (reader.u8()) {
      case Frame.Message:
        reader.raw(readLength(reader))
        break
      case Frame.Fragment: {
        const number = reader.u64()
        const total = reader.u32()
        const offset = reader.u32()
        if (!accept(number, total, offset, reader.raw(readLength(reader)))) return false
        break
      }
      case Frame.Acknowledgement:
        readAcknowledgement(reader)
        break
      case Frame.Ping:
        break
      default:
        return true
    }
  }
  return true
}
