import { EntryBatch, EntryKind, RaftError } from '@raft/core'
import { read } from './log.js'
import { realStorage } from './real-storages.js'

// Writes as fast as it can and tells on stdout what is durable, a line each: `term lastIndex`. At times it replaces the last entry.
const [backend, directory, mode] = process.argv.slice(2) as [string, string, string?]
const storage = realStorage(backend).make({ directory, clusterId: 'c1', memberId: 'n1' })

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function writeNext(index: number, term: number): void {
  const count = 1 + (index % 7)
  const payloads = Array.from({ length: count }, (_, i) => Buffer.from(`${index + i}`.padEnd(40 + (index % 300), '.')))
  const entries = [EntryBatch.of(index, term, EntryKind.Command, payloads)]
  storage.write({ hardState: { currentTerm: term, votedFor: `n${term}` }, entries }, (error) => {
    if (error !== null) throw error
    say(`${term} ${index + count - 1}`)
    if (index % 11 !== 0) writeNext(index + count, term)
    else writeNext(index + count - 1, term + 1)
  })
}

/** Says how many entries are as they were written, and that others are not. */
async function readAll(lastIndex: number): Promise<void> {
  for (let next = 1; next <= lastIndex; ) {
    const entries = await read(storage, next, lastIndex)
    for (; next <= entries.lastIndex; next++) {
      const text = Buffer.from(entries.payload(next)).toString()
      if (!/^\d+\.+$/.test(text) || Number.parseInt(text, 10) !== next) say(`wrong at ${next}`)
    }
  }
  say(`whole to ${lastIndex}`)
  await storage.close()
}

try {
  const stored = await storage.open()
  say('open')
  if (mode === 'hold') setInterval(() => {}, 1000)
  else if (mode === 'read') await readAll(stored.lastIndex)
  else writeNext(stored.lastIndex + 1, stored.hardState.currentTerm + 1)
} catch (error) {
  say(error instanceof RaftError ? `${error.code} ${error.message}` : String(error))
}
