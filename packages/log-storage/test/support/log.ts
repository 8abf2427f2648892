import { EntryBatch, EntryKind, type HardState, type LogStorage, type LogWrite } from '@raft/core'
import { FileLogStorage, type FileLogStorageOptions, type FileSystem } from '../../src/index.js'

export const DIRECTORY = '/data/group-0'

/** Where a log is kept, and where its ids come from. */
interface Ground {
  readonly fileSystem: FileSystem
  readonly randomBytes: (count: number) => Uint8Array
}

export function storageOn({ fileSystem, randomBytes }: Ground, more: Partial<FileLogStorageOptions> = {}): FileLogStorage {
  const ours = { directory: DIRECTORY, clusterId: 'c1', memberId: 'n1', segmentBytes: 4096, fileSystem, randomBytes }
  return new FileLogStorage({ ...ours, ...more })
}

export function write(storage: LogStorage, entries: readonly EntryBatch[], hardState: HardState | null = null): Promise<void> {
  return new Promise((resolve, reject) => {
    storage.write({ hardState, entries }, (error) => (error === null ? resolve() : reject(error)))
  })
}

export function read(storage: LogStorage, from: number, to: number, maxBytes = Number.POSITIVE_INFINITY): Promise<EntryBatch> {
  return new Promise((resolve, reject) => {
    storage.read(from, to, maxBytes, (error, entries) => (entries === null ? reject(error) : resolve(entries)))
  })
}

/** A read may give less than was asked for: asks until all is there. */
export async function readAll(storage: LogStorage, from: number, to: number): Promise<EntryBatch> {
  const parts: EntryBatch[] = []
  for (let next = from; next <= to; next = (parts.at(-1) as EntryBatch).lastIndex + 1) parts.push(await read(storage, next, to))
  return EntryBatch.concat(parts)
}

export function commands(firstIndex: number, term: number, payloads: readonly (string | Uint8Array)[]): EntryBatch {
  const bytes = payloads.map((payload) => (typeof payload === 'string' ? Buffer.from(payload) : payload))
  return EntryBatch.of(firstIndex, term, EntryKind.Command, bytes)
}

/** The simplest storage there is: what the real one must be equal to. */
export interface Model {
  readonly hardState: HardState
  readonly base: number
  /** `term:payload` of each entry behind the base. */
  readonly entries: readonly string[]
}

export function emptyModel(base = 0): Model {
  return { hardState: { currentTerm: 0, votedFor: null }, base, entries: [] }
}

export function applied(model: Model, { hardState, entries }: LogWrite): Model {
  let log = model.entries
  for (const batch of entries) if (batch.count > 0) log = [...log.slice(0, batch.firstIndex - model.base - 1), ...describeBatch(batch)]
  return { hardState: hardState ?? model.hardState, base: model.base, entries: log }
}

/** Opens, reads everything back, and gives it as a model. */
export async function contentsOf(storage: LogStorage): Promise<Model> {
  const stored = await storage.open()
  const entries: string[] = []
  while (stored.baseIndex + entries.length < stored.lastIndex) {
    entries.push(...describeBatch(await read(storage, stored.baseIndex + entries.length + 1, stored.lastIndex)))
  }
  const runs = stored.runs.map((run) => `${run.firstIndex}:${run.term}`)
  const expected: string[] = []
  entries.forEach((entry, i) => {
    const term = entry.slice(0, entry.indexOf(':'))
    if (i === 0 || !entries[i - 1]?.startsWith(`${term}:`)) expected.push(`${stored.baseIndex + i + 1}:${term}`)
  })
  if (runs.join() !== expected.join()) throw new Error(`runs ${runs.join()} of entries with ${expected.join()}`)
  return { hardState: stored.hardState, base: stored.baseIndex, entries }
}

/** Some entries, as a model has them; fewer where `maxBytes` says so. */
export async function entriesOf(storage: LogStorage, from: number, to: number, maxBytes?: number): Promise<string[]> {
  return describeBatch(await read(storage, from, to, maxBytes))
}

function describeBatch(batch: EntryBatch): string[] {
  const entries: string[] = []
  for (let i = batch.firstIndex; i <= batch.lastIndex; i++)
    entries.push(`${batch.term(i)}:${Buffer.from(batch.payload(i)).toString('latin1')}`)
  return entries
}

/** A write that a Raft member might do next: hard state, a few batches, at times in place of a suffix. */
export function randomWrite(model: Model, random: () => number): LogWrite {
  const whole = (below: number) => Math.floor(random() * below)
  const term = Math.max(model.hardState.currentTerm, 1) + (random() < 0.3 ? 1 : 0)
  const isNewTerm = term > model.hardState.currentTerm
  const hardState = isNewTerm || random() < 0.2 ? { currentTerm: term, votedFor: random() < 0.5 ? null : `n${whole(5)}` } : null
  const last = model.base + model.entries.length
  const entries: EntryBatch[] = []
  // A suffix is replaced only by a newer term's leader, so that terms ascend.
  let next = isNewTerm && model.entries.length > 0 && random() < 0.5 ? last - whole(Math.min(model.entries.length, 12)) : last + 1
  for (let i = whole(4); i > 0; i--) {
    const payloads = Array.from({ length: whole(5) }, () => Buffer.alloc(whole(random() < 0.1 ? 3000 : 90), 32 + whole(90)))
    entries.push(commands(next, term, payloads))
    next += payloads.length
  }
  return { hardState, entries }
}
