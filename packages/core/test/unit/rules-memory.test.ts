import { describe, expect, it } from 'vitest'
import { EntryBatch, type Message, StorageError } from '../../src/index.js'
import { MemoryLogStorage, MemoryNetwork } from '../../src/memory/index.js'
import { entriesOfTerms, textOf } from '../support/disk.js'
import { heartbeat } from '../support/messages.js'

/** What is deferred happens when the test says so. */
function manualClock() {
  const deferred: (() => void)[] = []
  const run = () => {
    for (const callback of deferred.splice(0)) callback()
  }
  return { clock: { defer: (callback: () => void) => void deferred.push(callback) }, run, deferred }
}

async function open() {
  const { clock, run, deferred } = manualClock()
  const storage = new MemoryLogStorage(clock)
  await storage.open()
  const write = (entries: readonly EntryBatch[], hardState: { currentTerm: number; votedFor: string | null } | null = null) => {
    const done: (Error | null)[] = []
    storage.write({ hardState, entries }, (error) => done.push(error))
    expect(done).toEqual([])
    run()
    return done
  }
  const read = (from: number, to: number, maxBytes = 1e6) => {
    const done: (Error | null | string[])[] = []
    storage.read(from, to, maxBytes, (error, entries) => done.push(error ?? textsOf(entries)))
    run()
    return done[0]
  }
  return { storage, write, read, run, deferred }
}

const textsOf = (batch: EntryBatch | null) =>
  batch === null ? [] : Array.from({ length: batch.count }, (_, i) => textOf(batch.payload(batch.firstIndex + i)))

describe('a log in memory', () => {
  it('holds what was written when it is opened again', async () => {
    const { storage, write } = await open()
    expect(write([entriesOfTerms(1, [1, 1]), entriesOfTerms(3, [1, 2])], { currentTerm: 2, votedFor: 'a' })).toEqual([null])
    expect(write([entriesOfTerms(5, [2])])).toEqual([null])
    await storage.close()
    expect(await storage.open()).toEqual({
      hardState: { currentTerm: 2, votedFor: 'a' },
      baseIndex: 0,
      baseTerm: 0,
      lastIndex: 5,
      runs: [
        { firstIndex: 1, term: 1 },
        { firstIndex: 4, term: 2 },
      ],
    })
  })

  it('replaces entries from the first of a write on: all of a batch, or a part of it', async () => {
    const { write, read } = await open()
    write([entriesOfTerms(1, [1, 1, 1]), entriesOfTerms(4, [1, 1])])
    write([entriesOfTerms(4, [2])])
    expect(read(4, 9)).toEqual(['4@2'])
    write([entriesOfTerms(2, [3])])
    expect([read(1, 9), read(2, 9)]).toEqual([['1@1'], ['2@3']])
    expect(read(3, 3)).toBeInstanceOf(StorageError)
    write([EntryBatch.empty(1)])
    expect(read(2, 2)).toEqual(['2@3'])
  })

  it('replaces the last entry alone, and leaves the batches before it', async () => {
    const { storage, write, read } = await open()
    for (const index of [1, 2, 3]) write([entriesOfTerms(index, [1])])
    write([entriesOfTerms(3, [2])])
    expect([read(1, 9), read(2, 9), read(3, 9)]).toEqual([['1@1'], ['2@1'], ['3@2']])
    write([entriesOfTerms(2, [3])])
    expect([read(1, 9), read(2, 9)]).toEqual([['1@1'], ['2@3']])
    await storage.close()
    expect((await storage.open()).lastIndex).toBe(2)
  })

  it('gives what was asked for, of one batch, and one entry whatever its size', async () => {
    const { write, read } = await open()
    write([entriesOfTerms(1, [1, 1]), entriesOfTerms(3, [1, 1, 1]), entriesOfTerms(6, [1])])
    expect([read(1, 9), read(2, 9), read(3, 4), read(5, 5), read(6, 9)]).toEqual([
      ['1@1', '2@1'],
      ['2@1'],
      ['3@1', '4@1'],
      ['5@1'],
      ['6@1'],
    ])
    expect([read(3, 5, 8), read(3, 5, 7), read(3, 5, 0)]).toEqual([['3@1', '4@1'], ['3@1'], ['3@1']])
    expect(read(7, 7)).toBeInstanceOf(StorageError)
  })

  it('is open once at a time, and refuses what comes while it is not', async () => {
    const { storage, write, read } = await open()
    await expect(storage.open()).rejects.toBeInstanceOf(StorageError)
    write([entriesOfTerms(1, [1])])
    await storage.close()
    expect(write([entriesOfTerms(2, [1])])[0]).toBeInstanceOf(StorageError)
    expect(read(1, 1)).toBeInstanceOf(StorageError)
    expect((await storage.open()).lastIndex).toBe(1)
  })

  it('closes when nothing is under way any more', async () => {
    const { storage, deferred } = await open()
    storage.write({ hardState: null, entries: [entriesOfTerms(1, [1])] }, () => {})
    storage.read(1, 1, 1, () => {})
    let closed = false
    const closing = storage.close().then(() => {
      closed = true
    })
    await new Promise(setImmediate)
    expect(closed).toBe(false)
    const [first, second] = deferred.splice(0) as [() => void, () => void]
    first()
    await new Promise(setImmediate)
    expect(closed).toBe(false)
    second()
    await closing
    expect(closed).toBe(true)
  })
})

describe('a network in memory', () => {
  function make() {
    const { clock, run } = manualClock()
    const network = new MemoryNetwork(clock)
    const seen: string[] = []
    const attach = (id: string, group = 0) => {
      const transport = network.transport(id)
      transport.attach(group, {
        onMessage: (from, message: Message) => void seen.push(`${id} hears ${message.type} of ${from}`),
        onUnreachable: (peer) => void seen.push(`${id} finds nobody at ${peer}`),
      })
      return transport
    }
    return { network, seen, attach, run }
  }

  it('carries messages to those who are attached, and says where nobody is', () => {
    const { seen, attach, run } = make()
    const a = attach('a')
    const b = attach('b')
    a.send('b', heartbeat(1))
    expect(seen).toEqual([])
    run()
    a.send('c', heartbeat(1))
    b.detach(0)
    a.send('b', heartbeat(1))
    run()
    expect(seen).toEqual(['b hears heartbeat of a', 'a finds nobody at c', 'a finds nobody at b'])
  })

  it('carries nothing for who is not attached, nor to another group', () => {
    const { seen, attach, run } = make()
    const a = attach('a')
    attach('b', 1)
    a.send('b', { ...heartbeat(1), group: 1 })
    run()
    expect(seen).toEqual([])
    a.send('b', heartbeat(1))
    a.detach(0)
    run()
    expect(seen).toEqual([])
  })

  it('loses what is sent to or by who is isolated, until it is back', () => {
    const { network, seen, attach, run } = make()
    const [a, b] = [attach('a'), attach('b')]
    network.isolate('b')
    a.send('b', heartbeat(1))
    b.send('a', heartbeat(1))
    run()
    expect(seen).toEqual([])
    network.rejoin('b')
    a.send('b', heartbeat(1))
    run()
    expect(seen).toEqual(['b hears heartbeat of a'])
  })
})
