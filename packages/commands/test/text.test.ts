import { expect, test } from 'vitest'
import { bytes, json, KeyError, text, ValueError } from '../src/index.js'
import { decodeValue, encodeKey, encodePrefix, encodeValue } from '../src/keys.js'

const HIGH = '\ud800'
const LOW = '\udc00'

test('a key or prefix with lone surrogates is refused, and one with pairs is taken', () => {
  for (const key of [HIGH, LOW, `a${LOW}b`, `${LOW}${HIGH}`]) {
    expect(() => encodeKey(key)).toThrow(KeyError)
    expect(() => encodePrefix(key)).toThrow(/lone surrogates.*Uint8Array/)
  }
  expect(Buffer.from(encodeKey(`${HIGH}${LOW}`)).toString()).toBe(`${HIGH}${LOW}`)
})

test('the text codec takes no string that UTF-8 cannot hold, and no bytes that are not UTF-8', () => {
  for (const value of [HIGH, `a${LOW}`]) expect(() => encodeValue(text, value, 100)).toThrow(ValueError)
  expect(() => decodeValue(text, Uint8Array.of(0xff))).toThrow(ValueError)
  expect(decodeValue(text, encodeValue(text, `\ufeff${HIGH}${LOW}`, 100))).toBe(`\ufeff${HIGH}${LOW}`)
})

test('the json codec keeps lone surrogates, which JSON escapes, and takes no bytes that are not UTF-8', () => {
  for (const value of [HIGH, [LOW], { [HIGH]: LOW }]) expect(decodeValue(json, encodeValue(json, value, 100))).toEqual(value)
  expect(() => decodeValue(json, Buffer.from([0x22, 0xff, 0x22]))).toThrow(ValueError)
  expect(decodeValue(bytes, encodeValue(bytes, Uint8Array.of(0xff), 100))).toEqual(Buffer.of(0xff))
})
