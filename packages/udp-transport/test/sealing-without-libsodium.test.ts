import { expect, test, vi } from 'vitest'
import { PLAINTEXTS_WORTH_LOADING, SealByLength } from '../src/sealing.js'

vi.mock('libsodium-wrappers', () => ({ default: { ready: Promise.reject(new Error('no WebAssembly here')) } }))

test('where libsodium cannot be loaded, OpenSSL goes on', async () => {
  const seal = new SealByLength(new Uint8Array(32).fill(5))
  const header = new Uint8Array(18)
  const text = Buffer.from('a short text')
  const sealed = () => Buffer.concat(seal.seal(7, header, text).slice(1))
  const before = sealed()
  for (let i = 0; i < PLAINTEXTS_WORTH_LOADING; i++) seal.seal(i, header, text)
  await vi.dynamicImportSettled()
  expect(sealed()).toEqual(before)
  expect(Buffer.from(seal.open(7, header, before) ?? [])).toEqual(text)
})
