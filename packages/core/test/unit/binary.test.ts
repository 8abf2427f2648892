import { describe, expect, it } from 'vitest'
import { FormatError, Reader, Writer } from '../../src/index.js'

describe('numbers in bytes', () => {
  it('are little-endian, and up to 2^53 - 1', () => {
    const writer = new Writer(new Uint8Array(15), 1)
    writer.u8(0x12)
    writer.u32(0xfedc_ba98)
    writer.u64(0x1f_ffff_ffff_fffd)
    expect(writer.position).toBe(14)
    expect(Buffer.from(writer.bytes).toString('hex')).toBe('00' + '12' + '98badcfe' + 'fdffffffffff1f00' + '00')
    const reader = new Reader(writer.bytes, 1)
    expect([reader.u8(), reader.u32(), reader.u64(), reader.remaining]).toEqual([0x12, 0xfedc_ba98, Number.MAX_SAFE_INTEGER - 2, 1])
  })

  it('over that are refused by their place', () => {
    const bytes = Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0x20, 0)
    expect(() => new Reader(bytes, 1).u64()).toThrow('the number at byte 1 is over 2^53')
    expect(new Reader(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0)).u64()).toBe(Number.MAX_SAFE_INTEGER)
  })
})

describe('a reader', () => {
  it.each([
    ['u8', 1, (reader: Reader) => reader.u8()],
    ['u32', 4, (reader: Reader) => reader.u32()],
    ['u64', 8, (reader: Reader) => reader.u64()],
    ['raw', 3, (reader: Reader) => reader.raw(3)],
  ])('reads no %s past the end, and says where it would begin', (_, length, read) => {
    const whole = new Reader(new Uint8Array(5 + length), 5)
    read(whole)
    whole.end()
    const cut = new Reader(new Uint8Array(5 + length - 1), 5)
    expect(() => read(cut)).toThrow(FormatError)
    expect(() => read(cut)).toThrow(`cut short at byte ${4 + length}: ${length} bytes expected from byte 5 on`)
    expect(cut.position).toBe(5)
  })

  it('gives a view of the bytes and not a copy', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4)
    const part = new Reader(bytes, 1).raw(2)
    bytes[1] = 9
    expect([...part]).toEqual([9, 3])
  })

  it('that is to be at its end tells how many bytes are too many', () => {
    const reader = new Reader(new Uint8Array(3))
    reader.u8()
    expect(() => reader.end()).toThrow('2 bytes too many')
  })
})
