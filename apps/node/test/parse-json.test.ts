import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTransaction } from '../src/http/transaction.js'
import { mistakeIn } from '../src/json/mistake.js'
import { DuplicateKeyError, NestingError, parseJson } from '../src/json/parse-json.js'

/** `pnpm fuzz` sets it to run so many times as much. */
const TIMES = Number(process.env['RAFT_FUZZ'] ?? 1)

/** What is thrown for the text; null where nothing is. */
function thrownBy(text: string): unknown {
  try {
    parseJson(text)
    return null
  } catch (error) {
    return error
  }
}

describe('a key that is there twice', () => {
  it.each([
    ['{"a":1,"a":1}', '"a"'],
    ['{"a":{"b":[0,{"c":1,"d":2,"c":3}]}}', '"a" → "b" → 1 → "c"'],
    ['{"a":{},"b":{"a":1},"a":[]}', '"a"'],
    ['{"a":[1,2],"b":"x,\\"a\\":1","a":0}', '"a"'],
    ['{"a":1,"\\u0061":2}', '"a"'],
    ['{"\\\\":1,"\\\\":2}', '"\\\\"'],
    ['{"":1, "" :2}', '""'],
    ['{"__proto__":1,"__proto__":2}', '"__proto__"'],
    ['[{"a":1},{"a":1,"a":1}]', '1 → "a"'],
  ])('in %s is named', (text, name) => {
    const error = thrownBy(text)
    expect(error).toBeInstanceOf(DuplicateKeyError)
    expect((error as Error).message).toBe(`the key ${name} is there twice: keep one of the two`)
  })

  it('of a transaction is refused, by its name', () => {
    const body = '{"success":[{"type":"put","key":"a","value":"1"}],"success":[]}'
    expect(() => parseTransaction(Buffer.from(body))).toThrow('the body: the key "success" is there twice: keep one of the two')
  })
})

describe('any other text', () => {
  it('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), fc.constantFrom(undefined, 2), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), undefined, indent)
        expect(parseJson(text)).toEqual(JSON.parse(text))
      }),
      { numRuns: 300 * TIMES },
    )
  })

  it('that JSON.parse refuses is refused, whatever it looks like', () => {
    const piece = fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', 'a', '1', ' ', '"a"')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const text = pieces.join('')
        const error = thrownBy(text)
        let expected: unknown = null
        try {
          JSON.parse(text)
        } catch (thrown) {
          expected = thrown
        }
        if (expected === null) expect(error === null || error instanceof DuplicateKeyError).toBe(true)
        else {
          expect(error).toBeInstanceOf(SyntaxError)
          // As far as the mistake the text can be the beginning of JSON: what was left of a shorter one begins no later.
          const place = mistakeIn(text)
          expect(place).toBeGreaterThanOrEqual(0)
          expect(place).toBeLessThanOrEqual(text.length)
          if (place < text.length) expect(mistakeIn(text.slice(0, place + 1))).toBe(place)
        }
      }),
      { numRuns: 2000 * TIMES },
    )
  })

  it('with one more key of an object than JSON.parse gives has a key twice', () => {
    const key = fc.constantFrom('a', 'b', 'c', '\\u0061', 'd\\"', 'd"')
    fc.assert(
      fc.property(fc.array(key, { maxLength: 6 }), (keys) => {
        const texts = keys.map((one) => (one === 'd"' ? '"d\\u0022"' : `"${one}"`))
        const text = `{${texts.map((one) => `${one}:0`).join(',')}}`
        const isTwice = Object.keys(JSON.parse(text)).length < keys.length
        expect(thrownBy(text) instanceof DuplicateKeyError).toBe(isTwice)
      }),
      { numRuns: 300 * TIMES },
    )
  })

  it('that is nested more deeply than anything we read is refused before it is looked at', () => {
    expect(thrownBy('['.repeat(64) + ']'.repeat(64))).toBeNull()
    expect(thrownBy('['.repeat(65) + ']'.repeat(65))).toBeInstanceOf(NestingError)
    expect(thrownBy('[{"a":'.repeat(5_000_000))).toBeInstanceOf(NestingError)
  })

  it('is read in a time in proportion to its length, whatever it escapes', () => {
    const escapes = `"${'\\\\'.repeat(4_000_000)}"`
    const quotes = `"${'\\"'.repeat(2_000_000)}"`
    expect(parseJson(`[${escapes},${quotes}]`)).toHaveLength(2)
  })
})
