import { describe, expect, it } from 'vitest'
import { type Message, NodeStoppedError, OverloadedError } from '../../src/index.js'
import { Outbox } from '../../src/node/outbox.js'
import { Proposals } from '../../src/node/proposals.js'
import { Reads } from '../../src/node/reads.js'
import { heartbeat } from '../support/messages.js'

const limits = { maxCommandBytes: 10, maxPending: 4, maxPendingBytes: 12 }
const stopped = () => new NodeStoppedError(undefined)

describe('proposals under way', () => {
  function make() {
    const proposals = new Proposals<number>(limits)
    const done: string[] = []
    const add = (name: string, bytes = 1) =>
      proposals.add(new Uint8Array(bytes), (error, result) => done.push(`${name}: ${error?.code ?? result}`))
    const counts = () => [proposals.count, proposals.bytes]
    return { proposals, done, add, counts }
  }

  it('are counted, and their bytes, from their arrival to their end', () => {
    const { proposals, done, add, counts } = make()
    add('a', 3)
    add('b', 2)
    expect([proposals.hasNew, counts()]).toEqual([true, [2, 5]])
    proposals.appended(7)
    expect([proposals.hasNew, proposals.newCommands, counts()]).toEqual([false, [], [2, 5]])
    proposals.applied(7, [70])
    expect([done, counts()]).toEqual([['a: 70'], [1, 2]])
    add('c', 4)
    proposals.refuseNew(stopped)
    expect([done.at(-1), counts(), proposals.hasNew]).toEqual(['c: RAFT_STOPPED', [1, 2], false])
    proposals.failAppended(7, stopped)
    expect([done, counts()]).toEqual([
      ['a: 70', 'c: RAFT_STOPPED', 'b: RAFT_STOPPED'],
      [0, 0],
    ])
  })

  it('get each the result of its own entry, however the entries are cut into batches', () => {
    const { proposals, done, add, counts } = make()
    add('a')
    add('b')
    add('c')
    proposals.appended(5)
    add('d')
    proposals.appended(9)
    proposals.applied(3, [3, 4])
    expect(done).toEqual([])
    proposals.applied(4, [4, 5, 6])
    expect([done, proposals.awaitedFrom]).toEqual([['a: 5', 'b: 6'], 7])
    proposals.applied(7, [7, 8, 9])
    expect([done.slice(2), counts(), proposals.awaitedFrom]).toEqual([['c: 7', 'd: 9'], [0, 0], Number.POSITIVE_INFINITY])
  })

  it('that are not applied when leadership is lost end then, and those that are got their results', () => {
    const { proposals, done, add } = make()
    add('a')
    add('b')
    proposals.appended(5)
    add('c')
    proposals.appended(7)
    proposals.applied(5, [50])
    proposals.failAppended(5, stopped)
    expect(done).toEqual(['a: 50', 'b: RAFT_STOPPED', 'c: RAFT_STOPPED'])
    expect([proposals.count, proposals.bytes]).toEqual([0, 0])
    proposals.applied(6, [60, 70])
    expect(done).toHaveLength(3)
  })

  it('are each told only of what was not applied, also where their results were not asked for yet', () => {
    const { proposals, done, add } = make()
    add('a')
    add('b')
    proposals.appended(5)
    proposals.failAppended(5, stopped)
    expect(done).toEqual(['b: RAFT_STOPPED'])
  })

  it('are refused by the size of one, by their number and by their bytes, at the limit and not before', () => {
    const { proposals, add } = make()
    const refusal = (bytes: number) => proposals.refusal(new Uint8Array(bytes))?.code
    expect([refusal(10), refusal(11)]).toEqual([undefined, 'RAFT_COMMAND_TOO_LARGE'])
    add('a', 5)
    expect([refusal(7), refusal(8)]).toEqual([undefined, 'RAFT_OVERLOADED'])
    for (const name of ['b', 'c']) add(name, 0)
    expect(refusal(1)).toBeUndefined()
    add('d', 0)
    expect(refusal(1)).toBe('RAFT_OVERLOADED')
  })

  it('may be made from inside the end of another', () => {
    const { proposals, done, add, counts } = make()
    proposals.add(new Uint8Array(1), () => {
      add('inner', 2)
      done.push(`${proposals.count}`)
    })
    proposals.appended(1)
    proposals.applied(1, [1])
    expect([done, counts(), proposals.hasNew]).toEqual([['1'], [1, 2], true])
  })
})

describe('reads under way', () => {
  function make() {
    const reads = new Reads(3)
    const done: string[] = []
    const add = (name: string) => reads.add((error, index) => done.push(`${name}: ${error?.code ?? index}`))
    return { reads, done, add }
  }

  it('end when they are confirmed and everything up to their index is applied', () => {
    const { reads, done, add } = make()
    add('a')
    expect([reads.hasNew, reads.count]).toEqual([true, 1])
    reads.ticketed(1)
    expect(reads.hasNew).toBe(false)
    reads.applied(99)
    expect(done).toEqual([])
    reads.confirmed({ ticket: 1, index: 7 })
    reads.applied(6)
    expect(done).toEqual([])
    reads.applied(7)
    expect([done, reads.count]).toEqual([['a: 7'], 0])
  })

  it('share a ticket, and are confirmed with all tickets up to it and no later one', () => {
    const { reads, done, add } = make()
    add('a')
    reads.ticketed(1)
    add('b')
    reads.ticketed(1)
    add('c')
    reads.ticketed(2)
    reads.confirmed({ ticket: 1, index: 5 })
    reads.applied(9)
    expect(done).toEqual(['a: 5', 'b: 5'])
    add('d')
    reads.ticketed(3)
    reads.confirmed({ ticket: 3, index: 8 })
    reads.applied(9)
    expect([done.slice(2), reads.count]).toEqual([['c: 8', 'd: 8'], 0])
  })

  it('that wait for a ticket end when leadership is lost, and those that are confirmed do not', () => {
    const { reads, done, add } = make()
    add('a')
    reads.ticketed(1)
    reads.confirmed({ ticket: 1, index: 5 })
    add('b')
    reads.ticketed(2)
    reads.failTicketed(stopped)
    expect([done, reads.count]).toEqual([['b: RAFT_STOPPED'], 1])
    reads.confirmed({ ticket: 2, index: 5 })
    reads.applied(5)
    expect([done, reads.count]).toEqual([['b: RAFT_STOPPED', 'a: 5'], 0])
  })

  it('end all when the member stops, wherever they are', () => {
    const { reads, done, add } = make()
    add('confirmed')
    reads.ticketed(1)
    reads.confirmed({ ticket: 1, index: 5 })
    add('ticketed')
    reads.ticketed(2)
    add('new')
    reads.failAll(stopped)
    expect(done.toSorted()).toEqual(['confirmed: RAFT_STOPPED', 'new: RAFT_STOPPED', 'ticketed: RAFT_STOPPED'])
    expect([reads.count, reads.hasNew]).toEqual([0, false])
    reads.applied(9)
    expect(done).toHaveLength(3)
  })

  it('that are new end when the member does not lead', () => {
    const { reads, done, add } = make()
    add('a')
    reads.failNew(stopped)
    expect([done, reads.count, reads.hasNew]).toEqual([['a: RAFT_STOPPED'], 0, false])
  })

  it('are refused beyond the limit, and not before', () => {
    const { reads, add } = make()
    add('a')
    add('b')
    expect(reads.refusal()).toBeNull()
    add('c')
    expect(reads.refusal()).toBeInstanceOf(OverloadedError)
  })
})

describe('the outbox', () => {
  const MAX_HELD = 4096

  function make() {
    const sent: unknown[] = []
    const outbox = new Outbox((to: string, message: Message) => sent.push([to, (message as { round: number }).round]))
    const add = (after: number, round: number) => outbox.add({ to: 'b', message: heartbeat(1, 0, round), after })
    return { sent, outbox, add }
  }

  it('sends at once what waits for nothing, and what waits for a write that is done', () => {
    const { sent, outbox, add } = make()
    add(0, 1)
    expect(sent).toEqual([['b', 1]])
    outbox.written(2)
    add(2, 2)
    add(1, 3)
    expect([sent.length, outbox.held]).toEqual([3, 0])
  })

  it('holds what waits until its write is done, in order, and then sends it once', () => {
    const { sent, outbox, add } = make()
    add(2, 1)
    add(1, 2)
    add(2, 3)
    expect([sent, outbox.held]).toEqual([[], 3])
    outbox.written(1)
    expect([sent, outbox.held]).toEqual([[['b', 2]], 2])
    outbox.written(2)
    expect([sent.slice(1), outbox.held]).toEqual([
      [
        ['b', 1],
        ['b', 3],
      ],
      0,
    ])
    outbox.written(3)
    expect(sent).toHaveLength(3)
  })

  it('loses the oldest where a disk hangs for so long that there are too many', () => {
    const { sent, outbox, add } = make()
    for (let round = 1; round <= MAX_HELD; round++) add(1, round)
    expect(outbox.held).toBe(MAX_HELD)
    add(1, MAX_HELD + 1)
    expect(outbox.held).toBe(MAX_HELD)
    outbox.written(1)
    expect([sent.length, sent[0], sent.at(-1)]).toEqual([MAX_HELD, ['b', 2], ['b', MAX_HELD + 1]])
  })
})
