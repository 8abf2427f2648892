import { EntryBatch, EntryKind } from '@raft/core'
import { describe, expect, it } from 'vitest'
import { Facts } from '../../src/facts/facts.js'
import { CommandOutcomes, World } from '../../src/index.js'

const command = Uint8Array.of(7)

/** An entry with that command. */
function entry(index: number, term: number): EntryBatch {
  return EntryBatch.of(index, term, EntryKind.Command, [command])
}

function setUp() {
  const world = new World(1)
  const limits = { electionTimeout: 100, maxPending: 9, maxWindowBytes: 9, maxInflightBytes: 9, maxInflightMessages: 9 }
  const facts = new Facts(world, { members: ['a', 'b'], baseIndex: 0, baseTerm: 0, ...limits })
  return { facts, outcomes: new CommandOutcomes(facts), found: () => world.violation?.oracle }
}

describe('what a client is told of a command', () => {
  it('is refused rightly when no log ever holds it', () => {
    const { outcomes, found } = setUp()
    outcomes.refuse(outcomes.begin(command, 'c'), 'c')
    expect(found()).toBeUndefined()
  })

  it.each(['before', 'after'])('is no refusal when a log was given it %s', (when) => {
    const { facts, outcomes, found } = setUp()
    const digest = outcomes.begin(command, 'c')
    if (when === 'before') facts.append([entry(1, 1)])
    outcomes.refuse(digest, 'c')
    if (when === 'after') facts.append([entry(1, 1)])
    expect(found()).toBe('refused is not appended')
  })

  it('may be a refusal for one of two equal commands', () => {
    const { facts, outcomes, found } = setUp()
    outcomes.begin(command, 'c')
    outcomes.refuse(outcomes.begin(command, 'd'), 'd')
    facts.append([entry(1, 1)])
    expect(found()).toBeUndefined()
    facts.append([entry(2, 1)])
    expect(found()).toBe('refused is not appended')
  })

  it('is success only once it is committed', () => {
    const { facts, outcomes, found } = setUp()
    const digest = outcomes.begin(command, 'c')
    facts.append([entry(1, 1)])
    facts.commit(entry(1, 1), 1)
    outcomes.succeed(digest, 'c')
    expect(found()).toBeUndefined()
    outcomes.succeed(outcomes.begin(command, 'c'), 'c')
    expect(found()).toBe('success is committed')
  })

  it('is carried by one entry, however many members write it', () => {
    const { facts, outcomes, found } = setUp()
    outcomes.begin(command, 'c')
    facts.append([entry(1, 1)])
    facts.append([entry(1, 1)])
    expect(found()).toBeUndefined()
    facts.append([entry(1, 2)])
    expect(found()).toBe('appended once')
  })

  it('is carried by several where the client may send it again, and is not refused once one is there', () => {
    const { facts, outcomes, found } = setUp()
    const digest = outcomes.begin(command, 'c', { mayRepeat: true })
    facts.append([entry(1, 1)])
    facts.append([entry(1, 2)])
    expect(found()).toBeUndefined()
    outcomes.refuse(digest, 'c')
    expect(found()).toBe('refused is not appended')
  })
})
