import { expect, test } from 'vitest'
import { putAll } from '../../src/cluster/fill.js'

test('everything is put once, and what failed again', async () => {
  const put: string[] = []
  let failures = 3
  const target = {
    put: async (key: string) => {
      if (key === 'k5' && failures-- > 0) throw new Error('the outcome is unknown')
      put.push(key)
    },
    get: async () => null,
    close: async () => {},
  }
  await putAll(target, 20, (n) => `k${n}`, new Uint8Array(1), 4)
  expect(put.sort()).toEqual(Array.from({ length: 20 }, (_, n) => `k${n}`).sort())
  expect(failures).toBe(-1)
})
