import { EntryBatch, EntryKind, RaftError } from '@raft/core'
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

try {
  const stored = await storage.open()
  say('open')
  if (mode === 'hold') setInterval(() => {}, 1000)
  else writeNext(stored.lastIndex + 1, stored.hardState.currentTerm + 1)
} catch (error) {
  say(error instanceof RaftError ? `${error.code} ${error.message}` : String(error))
}
