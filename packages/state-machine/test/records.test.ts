import { expect, test } from 'vitest'
import { NOWHERE, Records } from '../src/records.js'
import { growthOf, keptBy } from './garbage.js'

const MIB = 2 ** 20
const view = ({ buffer, byteOffset, length }: Uint8Array) => new DataView(buffer, byteOffset, length)

/** The value comes from the midst of other bytes. */
function put(records: Records, at: number, value: Uint8Array, revision = 1): number {
  return records.put(at, view(Buffer.concat([Buffer.from('<<<'), value, Buffer.from('>')])), 3, 3 + value.length, revision)
}

function add(records: Records, key: string, value: string | Uint8Array, revision = 1): number {
  const bytes = Buffer.from(value)
  return put(records, records.add(key, bytes.length, revision, 0), bytes, revision)
}

const valueAt = (records: Records, at: number) => Buffer.from(records.value(at)).toString()
const hasKey = (records: Records, at: number, key: string) => records.hasKey(at, view(Buffer.from(`-${key}-`, 'latin1')), 1, 1 + key.length)
const never = () => expect.fail('nothing was to move')

/** Numbers that look random, the same each time. */
function pseudoRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

test('a record holds its key, its value and its revisions', () => {
  const records = new Records()
  const [large, most] = [2 ** 40 + 1, Number.MAX_SAFE_INTEGER]
  const first = put(records, records.add('\0key\xff', 5, large, most - 1), Buffer.from('value'), large + 1)
  const second = add(records, 'other', '', 7)
  expect([records.createRevision(first), records.modRevision(first), records.version(first)]).toEqual([large, large + 1, most])
  expect([records.createRevision(second), records.modRevision(second), records.version(second)]).toEqual([7, 7, 1])
  expect([valueAt(records, first), valueAt(records, second)]).toEqual(['value', ''])
  expect([records.keyLength(first), records.valueLength(first), records.valueLength(second)]).toEqual([5, 5, 0])
  expect(hasKey(records, first, '\0key\xff')).toBe(true)
  for (const key of ['', '\0ke', '\0key\xfe', '\0key\xff\xff', 'other']) expect(hasKey(records, first, key)).toBe(false)
})

test('nothing lies nowhere', () => {
  const records = new Records()
  expect(add(records, 'k', 'v')).not.toBe(NOWHERE)
  expect(hasKey(records, NOWHERE, '')).toBe(false)
})

test('a value of any length is copied whole from anywhere, and nothing behind it', () => {
  const records = new Records()
  const source = Buffer.from(Array.from({ length: 10_000 }, (_, i) => (i * 7) % 251))
  const lengths = [...Array.from({ length: 80 }, (_, i) => i), 127, 128, 255, 510, 511, 512, 513, 514, 515, 4095, 4096, 4097, 9000]
  const placed = lengths.map((length) => {
    const at = records.add(`${length}`, length, 1, 0)
    return { length, at: records.put(at, view(source), 1, 1 + length, 1) }
  })
  for (const each of placed) each.at = records.put(each.at, view(source), 3, 3 + each.length, 2)
  for (const { length, at } of placed) {
    expect(Buffer.compare(records.value(at), source.subarray(3, 3 + length))).toBe(0)
    expect(hasKey(records, at, `${length}`)).toBe(true)
  }
})

test('a value is written over the one before where it fits, and over no other', () => {
  const records = new Records()
  const value = 'v'.repeat(200)
  const first = add(records, 'first', value)
  const second = add(records, 'second', 'neighbour')
  const id = records.idOf(first)
  for (const again of ['w'.repeat(200), 'w'.repeat(150), 'w'.repeat(110), 'w'.repeat(208)]) {
    expect(put(records, first, Buffer.from(again))).toBe(first)
    expect(valueAt(records, first)).toBe(again)
  }
  const longer = put(records, first, Buffer.from('l'.repeat(300)))
  expect(longer).not.toBe(first)
  expect([records.isAlive(first), records.isAlive(longer)]).toEqual([false, true])
  expect([records.idOf(longer), records.addressOf(id), records.version(longer)]).toEqual([id, longer, 6])
  expect([valueAt(records, longer), hasKey(records, longer, 'first')]).toEqual(['l'.repeat(300), true])
  expect(valueAt(records, second)).toBe('neighbour')
})

test('a value that is a little shorter takes no other room, however short it is', () => {
  const records = new Records()
  const at = add(records, '8 bytes.', 'v'.repeat(64))
  expect(put(records, at, Buffer.alloc(0))).toBe(at)
  const longer = add(records, 'other', 'v'.repeat(100))
  expect(put(records, longer, Buffer.alloc(0))).not.toBe(longer)
})

test('a small value does not keep the room of a large one', () => {
  const records = new Records()
  const large = add(records, 'key', 'l'.repeat(4000))
  const half = put(records, large, Buffer.alloc(2100))
  expect(half).toBe(large)
  const small = put(records, half, Buffer.alloc(1900))
  expect(small).not.toBe(large)
  expect(records.bytes).toBe(MIB)
})

test('the id of a record that was freed is given to another, and only then', () => {
  const records = new Records()
  const ids = ['a', 'b', 'c'].map((key) => records.idOf(add(records, key, '')))
  expect(new Set(ids).size).toBe(3)
  for (const id of ids.slice(0, 2)) {
    const at = records.addressOf(id)
    records.free(at)
    expect(records.isAlive(at)).toBe(false)
  }
  const again = ['d', 'e', 'f'].map((key) => records.idOf(add(records, key, '')))
  expect(again.slice(0, 2).sort()).toEqual(ids.slice(0, 2).sort())
  expect(new Set([...again, ids[2]]).size).toBe(4)
  for (const [i, key] of ['d', 'e', 'f'].entries()) expect(hasKey(records, records.addressOf(again[i] as number), key)).toBe(true)
})

test('a large value has memory of its own, of its size and no more than it needs, and only while there is one', () => {
  const records = new Records()
  let at = add(records, 'key', 'small')
  const own = () => records.value(at).buffer.byteLength
  for (const [length, memory] of [
    [100_000, 100_000],
    [50_000, 100_000],
    [49_999, 49_999],
    [50_001, 50_001],
  ] as const) {
    at = put(records, at, Buffer.alloc(length, 'x'))
    expect([own(), valueAt(records, at)]).toEqual([memory, 'x'.repeat(length)])
  }
  at = put(records, at, Buffer.from('small again'))
  expect(valueAt(records, at)).toBe('small again')
  at = put(records, at, Buffer.alloc(5000))
  expect(own()).toBe(5000)
})

test('nothing is kept of a large value that a small one has replaced, nor of one that was freed', () => {
  const records = new Records()
  const source = view(Buffer.alloc(MIB))
  const kept = keptBy(() => {
    for (let i = 0; i < 20; i++) {
      const large = records.put(records.add(`key-${i}`, 0, 1, 0), source, 0, MIB, 1)
      if (i % 2 === 0) records.put(large, source, 0, 5, 2)
      else records.free(large)
    }
  })
  expect(kept).toBeLessThan(5)
})

/** Puts and frees at random, with what should be there beside it. */
function changeAtRandom(seed: number, { steps, keys, longest }: { steps: number; keys: number; longest: number }, firstSlab = 0) {
  const random = pseudoRandom(seed)
  const records = new Records(firstSlab)
  const expected = new Map<string, { at: number; value: Buffer; version: number }>()
  const keyAt = new Map<number, string>()
  let aliveBytes = 0
  let mostAlive = 0
  let moves = 0
  const moved = (from: number, to: number) => {
    const key = keyAt.get(from) as string
    keyAt.delete(from)
    keyAt.set(to, key)
    ;(expected.get(key) as { at: number }).at = to
    moves += 1
  }
  for (let step = 0; step < steps; step++) {
    const key = `key-${random(keys)}`
    const known = expected.get(key)
    if (known !== undefined && random(3) === 0) {
      records.free(known.at)
      expected.delete(key)
      keyAt.delete(known.at)
      aliveBytes -= known.value.length
    } else {
      const value = Buffer.alloc(random(longest), `${step}`)
      const version = (known?.version ?? 0) + 1
      const at = put(records, known?.at ?? records.add(key, value.length, step, 0), value, step)
      if (known !== undefined) keyAt.delete(known.at)
      keyAt.set(at, key)
      expected.set(key, { at, value, version })
      aliveBytes += value.length - (known?.value.length ?? 0)
    }
    mostAlive = Math.max(mostAlive, aliveBytes)
    if (random(20) === 0) records.tidy(moved)
  }
  for (const [key, { at, value, version }] of expected) {
    expect(hasKey(records, at, key)).toBe(true)
    expect(Buffer.compare(records.value(at), value)).toBe(0)
    expect([records.version(at), records.addressOf(records.idOf(at))]).toEqual([version, at])
  }
  return { records, mostAlive, moves }
}

test.each([
  { steps: 40_000, keys: 4000, longest: 1000 },
  { steps: 10_000, keys: 400, longest: 9000 },
  { steps: 100_000, keys: 60_000, longest: 30 },
])('what is changed at random stays whole while slabs are emptied: %o', (shape) => {
  for (let seed = 1; seed <= 3; seed++) expect(changeAtRandom(seed, shape).moves).toBeGreaterThan(1000)
})

test('addresses of 32 bits are whole: beyond the first half, and up to the end', () => {
  for (const firstSlab of [2 ** 15, 2 ** 16 - 32])
    expect(changeAtRandom(1, { steps: 20_000, keys: 4000, longest: 1000 }, firstSlab).moves).toBeGreaterThan(1000)
})

test('where there is no more room nothing is lost, and once there is, it is used', () => {
  const records = new Records(2 ** 16 - 16)
  const added: number[] = []
  const fill = () => {
    for (;;) added.push(add(records, `key-${added.length}`, Buffer.alloc(1000, `${added.length}`)))
  }
  for (const _ of [1, 2]) expect(fill).toThrow(expect.objectContaining({ name: 'RangeError', message: expect.stringContaining('64 GiB') }))
  const { length } = added
  expect(length).toBeGreaterThan(15_000)
  for (const [i, at] of added.entries()) expect([i, hasKey(records, at, `key-${i}`)]).toEqual([i, true])
  const inLast = added.filter((at) => at >>> 16 === 2 ** 16 - 1)
  for (const at of added.filter((at) => at >>> 16 === 2 ** 16 - 16)) records.free(at)
  records.tidy(never)
  expect(fill).toThrow(RangeError)
  expect(added.length - length).toBeGreaterThan(900)
  for (const at of inLast) expect(hasKey(records, at, `key-${added.indexOf(at)}`)).toBe(true)
})

test('room that values leave unused counts as free', () => {
  const records = new Records()
  const placed = Array.from({ length: 10_000 }, (_, i) => ({ at: add(records, `key-${i}`, Buffer.alloc(2000)), length: 2000 }))
  const byAddress = new Map(placed.map((each) => [each.at, each]))
  let alive = 20_000_000
  for (let round = 0; round < 4; round++)
    for (const [i, each] of placed.entries()) {
      const length = [1010, 520, 1900, 1000][round] as number
      byAddress.delete(each.at)
      each.at = put(records, each.at, Buffer.alloc(length, `${i}`))
      byAddress.set(each.at, each)
      alive += length - each.length
      each.length = length
      if (i % 50 !== 0) continue
      records.tidy((from, to) => {
        const moved = byAddress.get(from) as { at: number }
        byAddress.delete(from)
        byAddress.set(to, moved as { at: number; length: number })
        moved.at = to
      })
    }
  expect(alive).toBe(10_000_000)
  for (const [i, { at, length }] of placed.entries())
    expect([hasKey(records, at, `key-${i}`), records.valueLength(at)]).toEqual([true, length])
  expect(records.bytes).toBeLessThan(20_000_000 + 10_000_000)
})

test('records take little more than twice the memory of what is alive, however long they are put and freed', () => {
  const { records, mostAlive } = changeAtRandom(4, { steps: 100_000, keys: 6000, longest: 1000 })
  expect(mostAlive).toBeGreaterThan(2 * MIB)
  expect(records.bytes).toBeLessThan(2 * mostAlive + 4 * MIB)
})

test('jobs that are put and freed in turn lie where those before them lay', () => {
  const records = new Records()
  const jobs: number[] = []
  for (let i = 0; i < 100_000; i++) {
    jobs.push(add(records, `job-${i}`, Buffer.alloc(1000)))
    if (jobs.length > 2000) records.free(jobs.shift() as number)
    if (i % 100 === 0) records.tidy((from, to) => jobs.splice(jobs.indexOf(from), 1, to))
  }
  expect(records.bytes).toBeLessThanOrEqual(6 * MIB)
})

/** So many MiB of records of 1 KiB, by slab. */
function fullSlabs(records: Records, slabs: number): number[][] {
  const bySlab: number[][] = Array.from({ length: slabs }, () => [])
  for (let i = 0; i < slabs * 1023; i++) {
    const at = add(records, `key-${i}`.padEnd(24), Buffer.alloc(960))
    bySlab[at >>> 16]?.push(at)
  }
  return bySlab
}

test('what lies at the end of memory grows as all others do', () => {
  const records = new Records()
  for (const slab of fullSlabs(records, 33))
    for (const at of slab.slice(-2)) {
      const now = put(records, at, Buffer.alloc(3000, 'g'))
      expect([records.keyLength(now), valueAt(records, now)]).toEqual([24, 'g'.repeat(3000)])
    }
})

test('what comes next lies in the memory that has become free', () => {
  const records = new Records()
  for (const slab of fullSlabs(records, 40)) for (const [i, at] of slab.entries()) if (i % 10 !== 0) records.free(at)
  const before = records.bytes
  records.tidy(() => {})
  fullSlabs(records, 30)
  // One more, into which the first was emptied.
  expect(records.bytes).toBeLessThanOrEqual(before + MIB)
})

test('tidying takes no longer than what has been changed: of many slabs that are half empty at once, a few are emptied each time', () => {
  const records = new Records()
  const slabs = fullSlabs(records, 20).slice(0, -1)
  for (const slab of slabs) for (const at of slab.splice(0, 511)) records.free(at)
  records.tidy(never)
  for (const slab of slabs) for (const at of slab.splice(0, 2)) records.free(at)
  const moves = Array.from({ length: 40 }, () => {
    let moved = 0
    records.tidy(() => (moved += 1))
    return moved
  })
  expect(Math.max(...moves)).toBeLessThan(2 * 512)
  expect(moves.reduce((sum, each) => sum + each)).toBe(slabs.flat().length)
  expect(moves.at(-1)).toBe(0)
})

test('what is freed is not written over before memory is tidied, for whoever has looked it up', () => {
  const records = new Records()
  const at = add(records, 'key', 'v'.repeat(100))
  records.free(at)
  for (let i = 0; i < 3000; i++) add(records, `key-${i}`, Buffer.alloc(1000))
  expect(records.isAlive(at)).toBe(false)
  records.tidy(never)
})

test('V8 counts large values, and nothing else', () => {
  const records = new Records()
  const source = view(Buffer.alloc(8192))
  const valuesOf = (length: number) => () => {
    for (let i = 0; i < (20 * MIB) / length; i++) records.put(records.add(`${length}-${i}`, length, 1, 0), source, 0, length, 1)
  }
  expect(growthOf(valuesOf(4096))).toBeLessThan(5)
  expect(growthOf(valuesOf(8192))).toBeGreaterThan(15)
})
