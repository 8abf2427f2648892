import type { RaftClient } from '@raft/client'
import { World } from '@raft/simulator'
import { describe, expect, it } from 'vitest'
import { Accounts } from '../../src/server/accounts.js'
import type { MemberHoldings } from '../../src/server/served-member.js'

const NOTHING = { pending: 0, pendingBytes: 0, waiting: 0, waitingBytes: 0 }
const NO_CONNECTION = { requests: 0, answers: 0, reads: 0, resultBytes: 0, transitBytes: 0, bytes: 0 }
const NO_ACCESS = { operations: 0, bytes: 0, waiting: 0, connections: [] }
const IDLE: MemberHoldings = { account: 0, connections: [], access: NO_ACCESS }

type ClientHoldings = ReturnType<RaftClient['holdings']>

const IDLE_CLIENT: ClientHoldings = { counted: NOTHING, found: NOTHING, takenBack: 0, watched: 0, isWatching: false }

/** The violation that is told of a run in which a member and a client hold this to the end. */
async function said(member: Partial<MemberHoldings>, client: Partial<ClientHoldings>, isFinished: boolean): Promise<string | undefined> {
  const world = new World(1)
  const accounts = new Accounts(world, () => [['a', { ...IDLE, ...member }]])
  accounts.addClient('c', { holdings: () => ({ ...IDLE_CLIENT, ...client }) } as unknown as RaftClient<Uint8Array>)
  accounts.start()
  await world.run(100)
  if (isFinished) accounts.finish()
  return world.violation?.message
}

describe('accounts', () => {
  it('are right where nothing is held', async () => {
    expect(await said({}, {}, true)).toBeUndefined()
  })

  it('are right within a run where as much is found as is counted, but not when all is done', async () => {
    const held = { ...NOTHING, pending: 1, pendingBytes: 9 }
    expect(await said({}, { counted: held, found: held, takenBack: 1 }, false)).toBeUndefined()
    expect(await said({}, { counted: held, found: held }, true)).toBe('client c holds 1 for pending when all is done')
    const connection = { holdings: { ...NO_CONNECTION, requests: 1, resultBytes: 5, bytes: 12 }, openBytes: 7 }
    expect(await said({ account: 15, connections: [connection], access: { ...NO_ACCESS, bytes: 3 } }, {}, false)).toBeUndefined()
    expect(await said({ account: 12, connections: [connection] }, {}, true)).toBe('a connection to a holds 1 for requests when all is done')
  })

  it('are wrong where a client counts what is not there', async () => {
    expect(await said({}, { counted: { ...NOTHING, waiting: 1 } }, false)).toBe('client c counts 1 for waiting, where there are 0')
    expect(await said({}, { watched: 1 }, false)).toBe('client c, which has no calls, holds 1 for watched when all is done')
  })

  it('are wrong where a member counts what is not there', async () => {
    expect(await said({ account: 1 }, {}, false)).toBe('the account of a counts 1 for bytes, where there are 0')
    const connection = { holdings: { ...NO_CONNECTION, bytes: 2 }, openBytes: 1 }
    expect(await said({ account: 2, connections: [connection] }, {}, false)).toBe('a connection to a counts 2 for bytes, where there are 1')
    const toLeader = { requests: 0, owed: 0, counted: { sent: 4, unsent: 0 }, found: { sent: 0, unsent: 0 } }
    expect(await said({ access: { ...NO_ACCESS, connections: [toLeader] } }, {}, false)).toBe(
      'a connection from a to the leader counts 4 for sent, where there are 0',
    )
  })

  it('may hold what is in transit at the end, and nothing besides', async () => {
    const holding = (bytes: number) => ({ holdings: { ...NO_CONNECTION, transitBytes: 16_384, bytes }, openBytes: bytes - 16_384 })
    expect(await said({ account: 16_384, connections: [holding(16_384)] }, {}, true)).toBeUndefined()
    expect(await said({ account: 16_385, connections: [holding(16_385)] }, {}, true)).toContain('holds 1 for bytes')
  })
})
