import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ByteRanges } from '../src/receiving/byte-ranges.js'

it('pieces that come in any order, twice, and overlap are counted byte by byte, once', () => {
  const piece = fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 20 }))
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const ranges = new ByteRanges()
      const known = new Set<number>()
      for (const [start, length] of pieces) {
        const before = known.size
        for (let byte = start; byte < start + length; byte++) known.add(byte)
        expect(ranges.add(start, start + length)).toBe(known.size - before)
      }
    }),
    { seed: 3, numRuns: 2000 },
  )
})
