import { EntryBatch, EntryKind, RaftError } from '@raft/core'
import { FileLogStorage } from '../../src/index.js'

// Writes as fast as it can and tells on stdout what is durable, a line each: `term lastIndex`.
const storage = new FileLogStorage({ directory: process.argv[2] as string, clusterId: 'c1', memberId: 'n1', segmentBytes: 65_536 })

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
    writeNext(index + count, index % 11 === 0 ? term + 1 : term)
  })
}

try {
  const stored = await storage.open()
  say('open')
  if (process.argv[3] === 'hold') setInterval(() => {}, 1000)
  else writeNext(stored.lastIndex + 1, stored.hardState.currentTerm + 1)
} catch (error) {
  say(error instanceof RaftError ? error.code : String(error))
}
