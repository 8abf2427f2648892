import { describe, expect, test } from 'vitest'
import { type Compare, ConfigurationError, decodeCommand, encodeTransaction, type Key, type Transaction, text } from '../src/index.js'
import { encodeTransactionInput } from '../src/transaction-codec.js'

const encode = (transaction: object) => encodeTransactionInput(transaction as Transaction<string, Key>, text, 100)

describe('a transaction with a field that there is not would do something else than was meant, and is refused', () => {
  const put = { type: 'put', key: 'a', value: '1' }
  test.each([
    // The words of before.
    [{ if: [{ key: 'a', version: 0 }], do: [put] }, /^if: .*compare, success, failure/],
    [{ compares: [], thenSteps: [put], elseSteps: [] }, /^compares: /],
    [{ compare: [], success: [put], else: [put] }, /^else: /],
    [{ compare: [{ key: 'a', is: '>', version: 0 }] }, /^is: .*key, relation/],
    [{ compare: [{ key: 'a', target: 'version', version: 0 }] }, /^target: /],
  ])('%o', (transaction, message) => {
    expect(() => encode(transaction)).toThrow(ConfigurationError)
    expect(() => encode(transaction)).toThrow(message)
  })
})

test('a transaction that was decoded can be given again, and one without fields does nothing', () => {
  const key = Buffer.from('a')
  const compare: Compare[] = [{ key, relation: 'less', version: 3 }]
  const decoded = decodeCommand(encodeTransaction({ compare, success: [{ type: 'get', key }] }))
  expect(encode(decoded)).toEqual({ compare, success: [{ type: 'get', key }], failure: [] })
  expect(encode({})).toEqual({ compare: [], success: [], failure: [] })
})
