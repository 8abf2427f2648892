import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { OutcomeUnknownError, OverloadedError, type RaftClient, TimeoutError } from '../src/index.js'
import { ErrorCode, type ErrorResponse, RequestKind } from '../src/protocol/index.js'
import { A, B, C, Cluster, outcome } from './support/cluster.js'

let cluster: Cluster
let client: RaftClient

beforeEach(async () => {
  cluster = new Cluster()
  client = cluster.client()
  const ready = outcome(client.put('first', 0))
  await cluster.clock.run(100)
  expect(ready.settled).toBe(true)
  cluster.received.length = 0
})

afterEach(async () => {
  await client.close()
})

const requests = (kind: number, address?: string) =>
  cluster.received.filter((request) => request.kind === kind && (address === undefined || request.address === address))

const NOBODY = {
  memberId: 'n1',
  clusterId: 'test',
  role: 'follower',
  term: 0,
  leaderId: null,
  commitIndex: 0,
  appliedIndex: 0,
  revision: 0,
  members: [],
}

/** Answers every write with this error, until told otherwise. */
function answerWrites(error: ErrorResponse): void {
  cluster.intercept = (_address, request, { endpoint }) => {
    if (request.kind !== RequestKind.Write) return false
    endpoint.error(request.id, error)
    return true
  }
}

describe('a change of leader', () => {
  test('is followed by the hint of the member that led, and the write takes effect once', async () => {
    cluster.elect(B)
    const seen = outcome(client.put('a', 1))
    await cluster.clock.run(20)
    expect(seen.value).toMatchObject({ modRevision: 2, version: 1 })
    expect(client.statistics()).toMatchObject({ leader: B, leaderChanges: 1, retries: { notLeader: 1 } })
    expect(requests(RequestKind.Status)).toEqual([])
  })

  test('writes that one member turned away reach the next in the order of the calls', async () => {
    cluster.elect(B)
    const seen = [1, 2, 3, 4].map((value) => outcome(client.put('a', value)))
    await cluster.clock.run(100)
    expect(seen.map(({ value }) => value?.version)).toEqual([1, 2, 3, 4])
    expect(client.statistics().retries.notLeader).toBe(4)
  })

  test('a member that claims to lead in an older term is not believed', async () => {
    cluster.intercept = (address, request, { endpoint }) => {
      if (request.kind !== RequestKind.Status || address !== B) return request.kind === RequestKind.Write
      endpoint.status(request.id, { ...NOBODY, role: 'leader' })
      return true
    }
    const seen = outcome(client.put('a', 1))
    await cluster.clock.run(2_000)
    expect(requests(RequestKind.Status, B).length).toBeGreaterThan(0)
    expect(client.statistics().leader).toBe(A)
    expect(seen.settled).toBe(false)
  })

  test('a leader that stays silent is given up even when nobody else leads', async () => {
    cluster.network.frozen.add(A)
    cluster.leader = null
    const seen = outcome(client.put('a', 1))
    await cluster.clock.run(6_000)
    expect(seen.error).toBeInstanceOf(OutcomeUnknownError)
    expect(String(seen.error)).toMatch(/sent nothing for 5000 ms/)
  })

  test('a connection that died without a word is replaced when its member is asked who leads', async () => {
    cluster.leader = null
    cluster.staleHints.set(A, null)
    cluster.network.frozen.add(B)
    const seen = outcome(client.put('a', 1, { timeout: 60_000 }))
    await cluster.clock.run(500)
    // What was swallowed stays unanswered, as on a connection that the other side has forgotten.
    cluster.network.frozen.delete(B)
    cluster.elect(B)
    await cluster.clock.run(3_000)
    expect(seen.value).toMatchObject({ version: 1 })
    expect(client.statistics().leader).toBe(B)
  })

  test('without a hint, all members are asked', async () => {
    cluster.staleHints.set(A, null)
    cluster.elect(C)
    const seen = outcome(client.put('a', 1))
    await cluster.clock.run(100)
    expect(seen.value).toMatchObject({ version: 1 })
    expect(client.statistics().leader).toBe(C)
  })

  test('two members that name each other do not keep it busy', async () => {
    cluster.leader = null
    cluster.staleHints.set(A, B)
    cluster.staleHints.set(B, A)
    const seen = outcome(client.put('a', 1))
    await cluster.clock.run(5_000)
    expect(seen.settled).toBe(false)
    expect(requests(RequestKind.Write).length).toBeLessThan(20)
    expect(requests(RequestKind.Status).length).toBeLessThan(60)
    cluster.elect(C)
    await cluster.clock.run(2_000)
    expect(seen.value).toMatchObject({ version: 1 })
  })

  test('the leader dies: what was not sent waits for the next, in the order of the calls', async () => {
    cluster.kill(A)
    cluster.leader = null
    await cluster.clock.run(50)
    const seen = [1, 2, 3, 4].map((value) => outcome(client.put('a', value)))
    await cluster.clock.run(300)
    cluster.elect(B)
    await cluster.clock.run(1_500)
    expect(seen.map(({ value }) => value?.version)).toEqual([1, 2, 3, 4])
    expect(client.statistics()).toMatchObject({ outcomesUnknown: 0, leader: B })
  })

  test('a leader that was stopped in its tracks is left for the one that was elected meanwhile', async () => {
    cluster.network.frozen.add(A)
    cluster.elect(B)
    const read = outcome(client.get('first'))
    const write = outcome(client.put('a', 1))
    await cluster.clock.run(3_000)
    expect(read.value).toBe(0)
    expect(write.error).toBeInstanceOf(OutcomeUnknownError)
    const next = outcome(client.put('a', 2))
    await cluster.clock.run(50)
    expect(next.value).toMatchObject({ version: 1 })
  })
})

describe('a connection that breaks', () => {
  test('after a write was sent: its outcome is unknown, and it is never sent again', async () => {
    cluster.intercept = (address, request, session) => {
      if (request.kind !== RequestKind.Write) return false
      cluster.write(request, session)
      session.cut()
      cluster.network.cut(address)
      return true
    }
    const seen = outcome(client.put('a', 1))
    const swap = outcome(client.compareAndSet('a', 0, 1))
    await cluster.clock.run(5_000)
    expect(seen.error).toBeInstanceOf(OutcomeUnknownError)
    expect(seen.error).toMatchObject({ code: 'RAFT_OUTCOME_UNKNOWN', outcomeUnknown: true })
    expect(swap.error).toBeInstanceOf(OutcomeUnknownError)
    expect(requests(RequestKind.Write)).toHaveLength(2)
  })

  test('before a write was sent: it is sent over the next one', async () => {
    cluster.network.congested.add(A)
    const first = outcome(client.put('a', 1))
    await cluster.clock.run(0)
    const second = outcome(client.put('b', 1))
    await cluster.clock.run(0)
    cluster.kill(A)
    cluster.elect(B)
    await cluster.clock.run(1_000)
    expect(first.error).toBeInstanceOf(OutcomeUnknownError)
    expect(second.value).toMatchObject({ version: 1 })
  })

  test('under a read: it is read again', async () => {
    cluster.intercept = (address, request) => {
      if (request.kind === RequestKind.Get && address === A) cluster.kill(A)
      return request.kind === RequestKind.Get && address === A
    }
    const seen = outcome(client.get('first'))
    await cluster.clock.run(10)
    cluster.elect(B)
    await cluster.clock.run(1_000)
    expect(seen.value).toBe(0)
    expect(client.statistics().retries.connection).toBe(1)
  })

  test('under a write that the caller calls idempotent: it is sent again', async () => {
    let cut = false
    cluster.intercept = (address, request, session) => {
      if (request.kind !== RequestKind.Write || cut) return false
      cut = true
      cluster.write(request, session)
      cluster.network.cut(address)
      return true
    }
    const seen = outcome(client.put('a', 1, { idempotent: true }))
    await cluster.clock.run(1_000)
    expect(seen.value).toMatchObject({ version: 2 })
  })

  test('a member that refuses connections is tried ever less often, with jitter', async () => {
    for (const address of [A, B, C]) cluster.kill(address)
    const seen = outcome(client.get('a', { timeout: 8_000 }))
    cluster.network.attempts.length = 0
    await cluster.clock.run(7_999)
    expect(seen.settled).toBe(false)
    expect(cluster.network.attempts.length).toBeGreaterThan(10)
    expect(cluster.network.attempts.length).toBeLessThan(60)
    await cluster.clock.run(10)
    expect(seen.error).toBeInstanceOf(TimeoutError)
    expect(String(seen.error)).toMatch(/no member leads.*ECONNREFUSED/)
  })

  test('a member that speaks another protocol is told apart', async () => {
    cluster.network.listeners.clear()
    for (const address of [A, B, C]) cluster.network.cut(address)
    const other = cluster.client({
      connector: {
        connect(_address, events) {
          cluster.clock.schedule(cluster.clock.now() + 2, () => events.onData(Buffer.from('HTTP/1.1 400 Bad Request\r\n')))
          return { write: () => true, close: () => {} }
        },
      },
    })
    const seen = outcome(other.get('a', { timeout: 500 }))
    await cluster.clock.run(600)
    expect(String(seen.error)).toMatch(/does not speak the Raft client protocol/)
    await other.close()
  })
})

describe('an answer that is an error', () => {
  test('a refusal does not make certain what an earlier attempt has left open', async () => {
    let attempts = 0
    cluster.intercept = (address, request, { endpoint }) => {
      if (request.kind !== RequestKind.Write) return false
      attempts += 1
      if (attempts === 1) cluster.network.cut(address)
      else endpoint.error(request.id, { outcome: 'notAppended', code: ErrorCode.TooLarge, message: 'too large', leader: null })
      return true
    }
    const seen = outcome(client.put('a', 1, { idempotent: true }))
    await cluster.clock.run(1_000)
    expect(attempts).toBe(2)
    expect(seen.error).toBeInstanceOf(OutcomeUnknownError)
  })

  test('an answer to something else costs the connection, and leaves the write unknown', async () => {
    cluster.intercept = (_address, request, { endpoint }) => {
      if (request.kind !== RequestKind.Write) return false
      endpoint.status(request.id, { ...NOBODY, role: 'leader' })
      return true
    }
    const seen = outcome(client.put('a', 1))
    await cluster.clock.run(100)
    expect(seen.error).toBeInstanceOf(OutcomeUnknownError)
    expect(String(seen.error)).toMatch(/an answer of kind 7 where 1 was due/)
    expect(client.statistics().disconnects).toBe(1)
  })

  test.each([
    [ErrorCode.NoLeader, 'noLeader'],
    [ErrorCode.Overloaded, 'overloaded'],
    [ErrorCode.Stopping, 'stopping'],
    [ErrorCode.DeadlineExceeded, 'deadline'],
  ] as const)('%s, certainly not appended: the write waits and is sent again', async (code, reason) => {
    answerWrites({ outcome: 'notAppended', code, message: 'later', leader: null })
    const seen = outcome(client.put('a', 1))
    await cluster.clock.run(2_000)
    expect(seen.settled).toBe(false)
    expect(client.statistics().retries[reason]).toBeGreaterThan(1)
    expect(client.statistics().retries[reason]).toBeLessThan(40)
    cluster.intercept = () => false
    await cluster.clock.run(1_500)
    expect(seen.value).toMatchObject({ version: 1 })
  })

  test.each([ErrorCode.OutcomeUnknown, ErrorCode.Stopping, ErrorCode.Internal])('%s of unknown outcome: never sent again', async (code) => {
    answerWrites({ outcome: 'unknown', code, message: 'leadership was lost', leader: null })
    const seen = outcome(client.put('a', 1))
    await cluster.clock.run(1_000)
    expect(seen.error).toBeInstanceOf(OutcomeUnknownError)
    expect(requests(RequestKind.Write)).toHaveLength(1)
  })

  test('overload to the end is a timeout that names it', async () => {
    answerWrites({ outcome: 'notAppended', code: ErrorCode.Overloaded, message: 'too many', leader: null })
    const seen = outcome(client.put('a', 1, { timeout: 500 }))
    await cluster.clock.run(600)
    expect(seen.error).toBeInstanceOf(TimeoutError)
    expect(seen.error).toMatchObject({ outcomeUnknown: false, cause: expect.any(OverloadedError) })
  })
})
