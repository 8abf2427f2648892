import { OutcomeUnknownError, type RaftClient } from '@raft/client'
import { now } from '@raft/system'
import type { CityRecord } from './cities.js'

export interface ImportOptions {
  readonly client: RaftClient<Uint8Array>
  readonly records: readonly CityRecord[]
  /** Called after every acknowledged record. */
  readonly onAcknowledged: (count: number) => void
}

export interface ImportResult {
  readonly seconds: number
  /** Writes whose outcome the client could not tell. */
  readonly unknown: number
  /** Of those, how many a read has found. */
  readonly foundByReading: number
  /** Of those, how many had to be written again. */
  readonly writtenAgain: number
}

/** Records under way at one time. */
const WINDOW = 2048
/** For each call, with all its attempts; an election takes a small part of it. In ms. */
const TIMEOUT = 30_000

/** Writes every record; fulfilled when all are acknowledged. */
export async function importRecords({ client, records, onAcknowledged }: ImportOptions): Promise<ImportResult> {
  const counts = { next: 0, done: 0, unknown: 0, foundByReading: 0, writtenAgain: 0 }
  const write = async (record: CityRecord): Promise<void> => {
    try {
      await client.put(record.key, record.value, { timeout: TIMEOUT })
    } catch (error) {
      if (!(error instanceof OutcomeUnknownError)) throw error
      counts.unknown += 1
      await resolveUnknown(record)
    }
    counts.done += 1
    onAcknowledged(counts.done)
  }
  /** Reads first; a put of the same value may be repeated, since nobody else writes this key. */
  const resolveUnknown = async (record: CityRecord): Promise<void> => {
    const found = await client.get(record.key, { timeout: TIMEOUT })
    if (found !== undefined && Buffer.compare(found, record.value) === 0) {
      counts.foundByReading += 1
      return
    }
    counts.writtenAgain += 1
    await client.put(record.key, record.value, { timeout: TIMEOUT, idempotent: true })
  }
  const worker = async (): Promise<void> => {
    for (let record = records[counts.next++]; record !== undefined; record = records[counts.next++]) await write(record)
  }
  const startedAt = now()
  await Promise.all(Array.from({ length: WINDOW }, worker))
  const { unknown, foundByReading, writtenAgain } = counts
  return { seconds: (now() - startedAt) / 1000, unknown, foundByReading, writtenAgain }
}
