import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { encodePut } from '@raft/commands'
import { EntryBatch, EntryKind } from '@raft/core'
import { KeyValueStore } from '@raft/state-machine'
import type { Suite } from '../suite.js'
import { timeInTurn } from './micro.js'
import { PAYLOAD_BYTES, payloads } from './payloads.js'

const SIZES = [10_000, 100_000, 1_000_000, 10_000_000]
/** The largest takes gigabytes: only for measurements that take their time. */
const PATIENT = 1000
const BATCH = 256
const PAGE = 100
/** Bytes: a collection that frees less has found what there was. */
const SETTLED = 10_000
const MOST_COLLECTIONS = 20

export const stateMachine: Suite = {
  name: 'state-machine',
  description: 'The key-value store: puts, gets and ranges against the number of keys',
  versions: ['tinybench', 'sorted-btree'],
  run: async (recorder, { rounds, duration, say }) => {
    for (const size of duration >= PATIENT ? SIZES : SIZES.slice(0, 2)) {
      const before = await memoryUsed()
      const store = new KeyValueStore()
      fill(store, size)
      const x = { name: 'keys', value: size }
      recorder.add(
        { what: 'bytes of memory for each key', at: `keys of 12 B, values of ${PAYLOAD_BYTES} B`, by: 'store', x },
        ((await memoryUsed()) - before) / size,
      )
      // Drawn anew each time, so that nothing but the store itself decides what is found quickly.
      let batch: readonly Uint8Array[] = []
      let key: Uint8Array = keyOf(0)
      const drawBatch = () => {
        batch = commands(BATCH, () => drawn(size))
      }
      const drawKey = () => {
        key = keyOf(drawn(size))
      }
      const measured = { what: 'µs for each operation', at: `values of ${PAYLOAD_BYTES} B`, x }
      await timeInTurn(
        recorder,
        [
          { ...measured, by: 'put', count: BATCH, prepare: drawBatch, run: () => applyAll(store, batch) },
          { ...measured, by: 'get', prepare: drawKey, run: () => void store.get(key) },
          { ...measured, by: `range of ${PAGE}`, prepare: drawKey, run: () => void store.range({ after: key, limit: PAGE }) },
        ],
        rounds,
        duration / 4,
      )
      say(`state-machine: ${size} keys`)
    }
  },
}

const value = payloads(1)[0] as Uint8Array

function keyOf(n: number): Buffer {
  return Buffer.from(`key-${String(n).padStart(8, '0')}`)
}

function drawn(size: number): number {
  return Math.floor(Math.random() * size)
}

function commands(count: number, key: (i: number) => number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => encodePut(keyOf(key(i)), value))
}

function applyAll(store: KeyValueStore, puts: readonly Uint8Array[]): void {
  store.apply(EntryBatch.of(store.lastApplied + 1, 1, EntryKind.Command, puts))
}

function fill(store: KeyValueStore, size: number): void {
  for (let first = 0; first < size; first += 1000)
    applyAll(
      store,
      commands(Math.min(1000, size - first), (i) => first + i),
    )
}

/** In bytes, once collecting garbage frees nothing more: what finalizers, weak references and old code held goes only in later rounds. */
async function memoryUsed(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  let used = Number.POSITIVE_INFINITY
  for (let round = 0; round < MOST_COLLECTIONS; round++) {
    collect()
    await setImmediate()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    const freed = used - heapUsed - arrayBuffers
    used = heapUsed + arrayBuffers
    if (freed < SETTLED) break
  }
  return used
}
