import { expect, test, vi } from 'vitest'
import { PutRun } from '../src/put-run.js'
import { RecentKeys } from '../src/recent-keys.js'

const bytes = (key: string) => Buffer.from(key, 'latin1')
const find = (recent: RecentKeys<{ key: string }>, key: string) => recent.find(bytes(`[${key}]`), 1, 1 + key.length)

test('what was remembered last under a key is found by the bytes of the key, wherever they lie', () => {
  const recent = new RecentKeys<{ key: string }>()
  const [first, second, binary] = [{ key: 'a' }, { key: 'a' }, { key: '\0\xff' }]
  recent.remember(first, 1)
  recent.remember(second, 1)
  recent.remember(binary, 2)
  expect(find(recent, 'a')).toBe(second)
  expect(find(recent, '\0\xff')).toBe(binary)
  expect(find(recent, 'b')).toBeUndefined()
  expect(find(recent, '')).toBeUndefined()
})

test('more keys than there are places: most places are taken, and no key is found for another', () => {
  const recent = new RecentKeys<{ key: string }>()
  const keys = Array.from({ length: 20_000 }, (_, i) => ({ key: `key-${i}` }))
  for (const key of keys) recent.remember(key, 1)
  let found = 0
  for (const key of keys) {
    const one = find(recent, key.key)
    expect(one === undefined || one === key).toBe(true)
    if (one !== undefined) found += 1
  }
  expect(found).toBeGreaterThan(3900)
  expect(found).toBeLessThanOrEqual(4096)
})

/** So many keys, each used once; and how many of them are remembered. */
function rememberOnce(count: number) {
  const recent = new RecentKeys<{ key: string }>()
  const keys: { key: string }[] = []
  for (let i = 0; i < count; i++) {
    keys.push({ key: `key-${i}` })
    recent.remember(keys[i] as { key: string }, i + 1)
  }
  return { recent, keys, remembered: () => keys.filter(({ key }) => find(recent, key) !== undefined).length }
}

test('with more keys more are remembered: what is is taken along', () => {
  const { remembered } = rememberOnce(50_000)
  expect(remembered()).toBeGreaterThan(49_000)
})

/** The bytes or places of what is allocated meanwhile. */
function allocatedBy(run: () => void): number[] {
  const lengths: number[] = []
  const noting = (constructed: typeof Array | typeof SharedArrayBuffer) =>
    new Proxy(constructed, {
      construct: (target, [length]) => {
        lengths.push(length)
        return Reflect.construct(target, [length])
      },
    })
  vi.stubGlobal('Array', noting(Array))
  vi.stubGlobal('SharedArrayBuffer', noting(SharedArrayBuffer))
  run()
  vi.unstubAllGlobals()
  return lengths
}

test('of very many keys nearly all are remembered, and there is no step in which memory for all of them is taken', () => {
  let remembered = () => 0
  const lengths = allocatedBy(() => {
    remembered = rememberOnce(270_000).remembered
  })
  expect(Math.max(...lengths)).toBe(4 * 4096)
  expect(remembered()).toBeGreaterThan(264_000)
})

test('the memory for keys has an end', () => {
  const lengths = allocatedBy(() => {
    const recent = new RecentKeys<{ key: string }>(10)
    for (let i = 0; i < 3000; i++) recent.remember({ key: `key-${i}` }, 1e9)
  })
  expect(lengths.length).toBe(2 * 10)
})

test('the keys of many puts are found together: those that are remembered, and none for a long key', () => {
  const { recent, keys } = rememberOnce(60)
  recent.forget('key-7')
  const long = 'l'.repeat(65)
  const wanted = ['unknown', long, '', ...keys.map(({ key }) => key)]
  const run = new PutRun()
  run.count = wanted.length
  wanted.forEach((key, i) => {
    run.keyStart[i] = (run.keyEnd[i - 1] ?? 0) + 1
    run.keyEnd[i] = (run.keyStart[i] as number) + key.length
  })
  run.begin(bytes(wanted.map((key) => `|${key}`).join('')))
  expect(recent.candidates(run).map((stored) => stored?.key)).toEqual(wanted.map((key, i) => (i < 3 || key === 'key-7' ? undefined : key)))
})

test('a key that is forgotten is not found, nor is a long one remembered', () => {
  const recent = new RecentKeys<{ key: string }>()
  recent.remember({ key: 'a' }, 1)
  recent.forget('a')
  expect(find(recent, 'a')).toBeUndefined()
  const long = 'l'.repeat(65)
  recent.remember({ key: long }, 1)
  expect(find(recent, long)).toBeUndefined()
  recent.forget(long)
  const short = Array.from({ length: 2000 }, (_, i) => ({ key: `key-${i}` }))
  const found = () => short.filter(({ key }) => find(recent, key) !== undefined).length
  for (const one of short) recent.remember(one, 1)
  const before = found()
  for (let i = 0; i < 5000; i++) {
    recent.remember({ key: `${long}-${i}` }, 1)
    recent.forget(`${long}-${i}`)
  }
  expect(found()).toBe(before)
})
