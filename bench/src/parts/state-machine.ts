import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { EntryBatch, EntryKind } from '@raft/core'
import { encodePut, KeyValueStore } from '@raft/state-machine'
import type { Suite } from '../suite.js'
import { timeInTurn } from './micro.js'
import { PAYLOAD_BYTES, payloads } from './payloads.js'

const SIZES = [10_000, 100_000, 1_000_000, 10_000_000]
/** The largest takes gigabytes and minutes: only for measurements that take their time. */
const PATIENT = 2000
const BATCH = 256
const PAGE = 100

export const stateMachine: Suite = {
  name: 'state-machine',
  description: 'The key-value store: puts, gets and ranges against the number of keys',
  versions: ['tinybench', 'sorted-btree'],
  run: async (recorder, { rounds, duration, say }) => {
    for (const size of duration >= PATIENT ? SIZES : SIZES.slice(0, 2)) {
      const before = memoryUsed()
      const store = new KeyValueStore()
      fill(store, size)
      const x = { name: 'keys', value: size }
      recorder.add(
        { what: 'bytes of memory for each key', at: `keys of 12 B, values of ${PAYLOAD_BYTES} B`, by: 'store', x },
        (memoryUsed() - before) / size,
      )
      const batches = Array.from({ length: 64 }, () => commands(BATCH, () => drawn(size)))
      let next = 0
      const keys = Array.from({ length: 4096 }, () => keyOf(drawn(size)))
      let read = 0
      const measured = { what: 'µs', at: `values of ${PAYLOAD_BYTES} B`, x }
      await timeInTurn(
        recorder,
        [
          { ...measured, by: 'put', count: BATCH, run: () => applyAll(store, batches[next++ % batches.length] as readonly Uint8Array[]) },
          { ...measured, by: 'get', run: () => void store.get(keys[read++ % keys.length] as Uint8Array) },
          {
            ...measured,
            by: `range of ${PAGE}`,
            run: () => void store.range({ after: keys[read++ % keys.length] as Uint8Array, limit: PAGE }),
          },
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

/** In bytes, without what is garbage. */
function memoryUsed(): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
