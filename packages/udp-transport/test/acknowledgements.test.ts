import { FormatError, Reader, Writer } from '@raft/core'
import { expect, test } from 'vitest'
import { readAcknowledgement, writeAcknowledgement } from '../src/frames.js'
import { ReceivedRanges } from '../src/receiving/received-ranges.js'

function written(ranges: readonly { first: number; last: number }[], room = 1000): Reader {
  const writer = new Writer(new Uint8Array(1000))
  writeAcknowledgement(writer, { ranges, delay: 1.5, window: 99 }, room)
  return new Reader(writer.bytes.subarray(0, writer.position), 1)
}

test('what was received is told from the newest range down, as far as there is room', () => {
  const ranges = [
    { first: 2 ** 40, last: 2 ** 40 + 5 },
    { first: 7, last: 9 },
    { first: 0, last: 5 },
  ]
  expect(readAcknowledgement(written(ranges))).toEqual({ ranges, delay: 1.5, window: 99 })
  expect(readAcknowledgement(written(ranges, 10 + 2 * 12)).ranges).toEqual(ranges.slice(0, 2))
})

test('ranges that overlap, touch or ascend, that end below 0, or none at all, are no acknowledgement', () => {
  for (const [newer, older] of [
    [
      { first: 5, last: 9 },
      { first: 3, last: 5 },
    ],
    [
      { first: 5, last: 9 },
      { first: 3, last: 4 },
    ],
    [
      { first: 5, last: 9 },
      { first: 20, last: 30 },
    ],
    [
      { first: 5, last: 9 },
      { first: -2, last: 1 },
    ],
  ] as const)
    expect(() => readAcknowledgement(written([newer, older]))).toThrow(FormatError)
  expect(() => readAcknowledgement(written([]))).toThrow(FormatError)
  expect(
    readAcknowledgement(
      written([
        { first: 5, last: 9 },
        { first: 3, last: 3 },
      ]),
    ).ranges,
  ).toHaveLength(2)
})

test('numbers in any order become ranges with gaps between, whatever comes twice', () => {
  let seed = 7
  for (let round = 0; round < 200; round++) {
    const received = new ReceivedRanges()
    const model = new Set<number>()
    for (let i = 0; i < 60; i++) {
      seed = (seed * 48_271) % 0x7fff_ffff
      const counter = round % 2 === 0 ? seed % 40 : Math.max(0, i - (seed % 4))
      received.add(counter)
      model.add(counter)
      const numbers = received.ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, k) => last - k))
      expect(numbers).toEqual([...model].sort((a, b) => b - a))
      expect(received.ranges.every(({ first }, k) => first > (received.ranges[k + 1]?.last ?? -2) + 1)).toBe(true)
    }
  }
})
