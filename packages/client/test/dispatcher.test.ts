import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConnectionError, OutcomeUnknownError, OverloadedError, ProtocolError, type RaftClient, TimeoutError } from '../src/index.js'
import { ErrorCode, type ErrorResponse, type Request, RequestKind } from '../src/protocol/index.js'
import { A, B, C, Cluster, outcome } from './support/cluster.js'
import type { Session } from './support/network.js'

let cluster: Cluster
let client: RaftClient
const clients: RaftClient[] = []
const local = { consistency: 'local' } as const

beforeEach(async () => {
  cluster = new Cluster()
  client = await lead({})
})

afterEach(async () => {
  for (const one of clients.splice(0)) await one.close()
})

/** A client that has found the leader. */
async function lead(options: Parameters<Cluster['client']>[0]): Promise<RaftClient> {
  const made = cluster.client(options)
  clients.push(made)
  const ready = outcome(made.put('first', 0))
  await cluster.clock.run(1_000)
  expect(ready.settled).toBe(true)
  cluster.received.length = 0
  return made
}

const asked = (kind: number, address?: string) =>
  cluster.received.filter((request) => request.kind === kind && (address === undefined || request.address === address)).length

const error = (code: string, certainty: ErrorResponse['outcome'] = 'notAppended'): ErrorResponse => ({
  outcome: certainty,
  code,
  message: 'no',
  leader: null,
})

/** Members take requests of this kind and do not answer; what would be answered is held here. */
function hold(kind: number, at: (address: string) => boolean = () => true) {
  const held: { address: string; request: Request; session: Session }[] = []
  cluster.intercept = (address, request, session) => {
    if (request.kind !== kind || !at(address)) return false
    held.push({ address, request, session })
    return true
  }
  return held
}

describe('the statistics', () => {
  test('tell what became of each call', async () => {
    const before = client.statistics()
    const held = hold(RequestKind.Write)
    const sent = outcome(client.put('a', 1, { timeout: 50 }))
    await cluster.clock.run(100)
    expect(sent.error).toBeInstanceOf(OutcomeUnknownError)
    for (const { request, session } of held) cluster.write(request, session)
    cluster.intercept = () => false
    const done = outcome(client.put('b', 1))
    const abort = new AbortController()
    const aborted = outcome(client.put('c', 1, { signal: abort.signal }))
    abort.abort()
    await cluster.clock.run(100)
    expect([done.settled, aborted.settled]).toEqual([true, true])
    const after = client.statistics()
    const names = ['requests', 'succeeded', 'failed', 'timeouts', 'aborted', 'outcomesUnknown', 'lateResponses'] as const
    expect(names.map((name) => [name, after[name] - before[name]])).toEqual([
      ['requests', 3],
      ['succeeded', 1],
      ['failed', 2],
      ['timeouts', 1],
      ['aborted', 1],
      ['outcomesUnknown', 1],
      ['lateResponses', 1],
    ])
  })
})

describe('what may wait and be under way', () => {
  /** Bytes of the request of one such write. */
  const write = (from: RaftClient) => outcome(from.put('k', 'x'.repeat(400)))
  async function bytesOfWrite(): Promise<number> {
    write(client)
    const { waitingBytes } = client.statistics()
    await cluster.clock.run(10)
    return waitingBytes
  }

  test('is limited to the byte', async () => {
    const bytes = await bytesOfWrite()
    const narrow = await lead({ maxWaitingBytes: 2 * bytes, maxPendingBytes: 2 * bytes })
    const held = hold(RequestKind.Write)
    const waiting = [1, 2, 3].map(() => write(narrow))
    await cluster.clock.run(10)
    expect(waiting.map(({ error: refusal }) => refusal instanceof OverloadedError)).toEqual([false, false, true])
    expect(String(waiting[2]?.error)).toContain(`${3 * bytes} bytes, limit maxWaitingBytes ${2 * bytes}`)
    write(narrow)
    await cluster.clock.run(10)
    expect([held.length, narrow.statistics().pendingBytes, narrow.statistics().waiting]).toEqual([2, 2 * bytes, 1])
  })

  test('is one call at least, whatever its size', async () => {
    const narrow = await lead({ maxWaitingBytes: 10 })
    const one = write(narrow)
    await cluster.clock.run(10)
    expect(one.value).toMatchObject({ modRevision: expect.any(Number) })
  })

  test('is less by a call that has timed out: the next is sent', async () => {
    const narrow = await lead({ maxPending: 1 })
    const held = hold(RequestKind.Write)
    outcome(narrow.put('a', 1, { timeout: 50 }))
    await cluster.clock.run(10)
    outcome(narrow.put('b', 1))
    await cluster.clock.run(10)
    expect(held).toHaveLength(1)
    await cluster.clock.run(50)
    expect(held).toHaveLength(2)
  })

  test('is looked at once for all calls of one turn', () => {
    let deferred = 0
    const defer = cluster.clock.defer.bind(cluster.clock)
    cluster.clock.defer = (callback) => {
      deferred += 1
      defer(callback)
    }
    for (let i = 0; i < 50; i++) outcome(client.put('a', i))
    expect(deferred).toBe(1)
  })
})

describe('a call that was never sent', () => {
  test('because its signal had aborted before has certainly no effect', async () => {
    const call = outcome(client.put('a', 1, { signal: AbortSignal.abort('before') }))
    await cluster.clock.run(10)
    expect(call.error).toMatchObject({ code: 'RAFT_ABORTED', outcomeUnknown: false, cause: 'before' })
    expect(cluster.received).toEqual([])
  })
})

describe('why an outcome is unknown', () => {
  test('is the connection that was lost', async () => {
    hold(RequestKind.Write)
    const call = outcome(client.put('a', 1))
    await cluster.clock.run(10)
    cluster.kill(A)
    await cluster.clock.run(100)
    expect(call.error).toBeInstanceOf(OutcomeUnknownError)
    expect((call.error as Error).cause).toBeInstanceOf(ConnectionError)
  })

  test('is the answer that says something else', async () => {
    cluster.intercept = (address, request, { endpoint }) => {
      if (request.kind === RequestKind.Write) endpoint.status(request.id, cluster.status(address))
      return request.kind === RequestKind.Write
    }
    const call = outcome(client.put('a', 1))
    await cluster.clock.run(100)
    expect(call.error).toBeInstanceOf(OutcomeUnknownError)
    expect((call.error as Error).cause).toBeInstanceOf(ProtocolError)
  })

  test('is not forgotten when an idempotent write is refused later: a member has said before that it does not know', async () => {
    const answers = [error(ErrorCode.OutcomeUnknown, 'unknown'), error(ErrorCode.TooLarge)]
    cluster.intercept = (_address, request, { endpoint }) => {
      const answer = request.kind === RequestKind.Write ? answers.shift() : undefined
      if (answer !== undefined) endpoint.error(request.id, answer)
      return answer !== undefined
    }
    const call = outcome(client.put('a', 1, { idempotent: true }))
    await cluster.clock.run(2_000)
    expect(answers).toEqual([])
    expect(call.error).toBeInstanceOf(OutcomeUnknownError)
  })
})

describe('a write that was sent to a member that falls silent', () => {
  test('is not sent to another, although another is known to lead', async () => {
    let writes = 0
    cluster.intercept = (address, request, { endpoint }) => {
      if (request.kind !== RequestKind.Write || address !== A) return false
      writes += 1
      // The first is swallowed; with the answer to the second, the client learns of the new leader.
      if (writes === 2) endpoint.error(request.id, cluster.notLeader(A))
      return true
    }
    const first = outcome(client.put('first write', 1))
    await cluster.clock.run(5)
    cluster.elect(B)
    const second = outcome(client.put('second write', 1))
    await cluster.clock.run(20)
    cluster.network.hung.add(A)
    await cluster.clock.run(7_000)
    expect(second.value).toMatchObject({ version: 1 })
    expect([first.error instanceof OutcomeUnknownError, asked(RequestKind.Write, A), asked(RequestKind.Write, B)]).toEqual([true, 2, 1])
  })
})

describe('a read', () => {
  test('of any member, as the first call of a client, is answered', async () => {
    const fresh = cluster.client()
    clients.push(fresh)
    const read = outcome(fresh.get('first', local))
    await cluster.clock.run(100)
    expect(read.value).toBe(0)
  })

  test('under which a follower is lost is asked of another at once', async () => {
    const held = hold(RequestKind.Get, (address) => address !== A)
    const read = outcome(client.get('first', local))
    await cluster.clock.run(10)
    cluster.intercept = () => false
    cluster.kill(held[0]?.address as string)
    await cluster.clock.run(10)
    expect(read.value).toBe(0)
  })

  test('is not taken from the only member that can answer it while that member is silent', async () => {
    cluster.network.hung.add(A)
    const ofLeader = outcome(client.get('first', { timeout: 900 }))
    await cluster.clock.run(800)
    expect([ofLeader.settled, client.statistics().retries.silence, client.statistics().pending]).toEqual([false, 0, 1])
  })

  test('of any member is not taken from the last one that there is', async () => {
    cluster.leader = null
    cluster.kill(A)
    cluster.kill(C)
    await cluster.clock.run(2_000)
    cluster.network.hung.add(B)
    const ofAny = outcome(client.get('first', { ...local, timeout: 900 }))
    await cluster.clock.run(800)
    expect([ofAny.settled, client.statistics().retries.silence, client.statistics().pending]).toEqual([false, 0, 1])
  })

  test('that was asked of another meanwhile takes no harm when the silent member answers with an error', async () => {
    let asks = 0
    const held: { request: Request; session: Session }[] = []
    cluster.intercept = (address, request, session) => {
      if (request.kind === RequestKind.Get) held.push({ request, session })
      if (request.kind === RequestKind.Get) asks += 1
      // The first that was asked says nothing at all.
      return request.kind === RequestKind.Get || address !== A
    }
    const read = outcome(client.get('first', local))
    await cluster.clock.run(800)
    expect([asks, client.statistics().retries.silence]).toEqual([2, 1])
    const [silent, other] = held
    const late = client.statistics().lateResponses
    silent?.session.endpoint.error(silent.request.id, error(ErrorCode.Overloaded))
    await cluster.clock.run(10)
    expect(client.statistics()).toMatchObject({ pending: 1, waiting: 0, lateResponses: late + 1 })
    expect([read.settled, asks]).toEqual([false, 2])
    other?.session.endpoint.get(other.request.id, { revision: 1, entry: null })
    await cluster.clock.run(10)
    expect([read.settled, read.error]).toEqual([true, undefined])
    expect(client.statistics()).toMatchObject({ pending: 0, pendingBytes: 0, waiting: 0 })
  })

  test('that is under way when its time is over names no reason of an earlier attempt', async () => {
    let gets = 0
    cluster.intercept = (_address, request, { endpoint }) => {
      if (request.kind !== RequestKind.Get) return false
      gets += 1
      if (gets === 1) endpoint.error(request.id, error(ErrorCode.Overloaded))
      return true
    }
    const read = outcome(client.get('first', { timeout: 300 }))
    await cluster.clock.run(400)
    expect(gets).toBe(2)
    expect(read.error).toBeInstanceOf(TimeoutError)
    expect((read.error as Error).cause).toBeUndefined()
  })
})

describe('a request to one member', () => {
  test('waits until the socket of that member has room', async () => {
    cluster.network.congested.add(B)
    outcome(client.status(B))
    await cluster.clock.run(10)
    const second = outcome(client.status(B))
    await cluster.clock.run(10)
    expect([second.settled, asked(RequestKind.Status, B)]).toEqual([false, 1])
    cluster.network.drain(B)
    await cluster.clock.run(10)
    expect(second.value).toMatchObject({ memberId: 'n2' })
  })

  test('does not fail with the connection to another', async () => {
    const fresh = cluster.client()
    clients.push(fresh)
    cluster.kill(B)
    const [ofB, ofC] = [outcome(fresh.status(B)), outcome(fresh.status(C))]
    await cluster.clock.run(100)
    expect(ofB.error).toBeInstanceOf(ConnectionError)
    expect(ofC.value).toMatchObject({ memberId: 'n3' })
  })
})

describe('connections to members that were lost', () => {
  test('are not made again for writes, nor while another follower can be read from', async () => {
    cluster.kill(C)
    await cluster.clock.run(10)
    cluster.network.attempts.length = 0
    for (let i = 0; i < 5; i++) {
      outcome(client.put('a', i))
      outcome(client.get('first', local))
      await cluster.clock.run(500)
    }
    expect(cluster.network.attempts).toEqual([])
  })

  test('are made again for reads when none but the leader is left, and not for writes', async () => {
    cluster.kill(B)
    cluster.kill(C)
    await cluster.clock.run(10)
    cluster.network.attempts.length = 0
    for (let i = 0; i < 5; i++) {
      outcome(client.put('a', i))
      await cluster.clock.run(500)
    }
    expect(cluster.network.attempts).toEqual([])
    outcome(client.get('first', local))
    await cluster.clock.run(500)
    expect(new Set(cluster.network.attempts)).toEqual(new Set([B, C]))
  })
})

describe('the search for a leader', () => {
  test('is not begun because the only member is busy', async () => {
    cluster.network.congested.add(A)
    cluster.kill(B)
    cluster.kill(C)
    await cluster.clock.run(10)
    outcome(client.put('a', 1))
    await cluster.clock.run(10)
    const { probes } = client.statistics()
    const read = outcome(client.get('first', local))
    await cluster.clock.run(100)
    expect([read.settled, client.statistics().probes]).toEqual([false, probes])
    cluster.network.drain(A)
    await cluster.clock.run(10)
    expect(read.value).toBe(0)
  })

  test('is quick again after a leader has answered', async () => {
    cluster.leader = null
    for (const address of [A, B, C]) cluster.staleHints.set(address, null)
    const first = outcome(client.put('a', 1))
    await cluster.clock.run(5_000)
    cluster.elect(B)
    await cluster.clock.run(2_000)
    expect(first.settled).toBe(true)
    cluster.elect(C)
    const second = outcome(client.put('a', 2))
    await cluster.clock.run(50)
    expect(second.value).toMatchObject({ version: 2 })
  })

  test('does not become busier because followers answer reads meanwhile', async () => {
    cluster.leader = null
    for (const address of [A, B, C]) cluster.staleHints.set(address, null)
    outcome(client.put('a', 1))
    for (let i = 0; i < 50; i++) {
      outcome(client.get('first', local))
      await cluster.clock.run(100)
    }
    expect(asked(RequestKind.Status)).toBeLessThan(60)
  })

  test('does not have to wait where the former leader names the next', async () => {
    const patient = await lead({ minBackoff: 500, maxBackoff: 1_000 })
    cluster.elect(B)
    const call = outcome(patient.put('a', 1))
    await cluster.clock.run(50)
    expect(call.value).toMatchObject({ version: 1 })
  })
})

describe('a member that has turned a call away', () => {
  test.each([
    ['the leader', {}],
    ['any member', local],
  ])('rests shortly again once it has answered one for %s', async (_, consistency) => {
    cluster.kill(B)
    cluster.kill(C)
    await cluster.clock.run(10)
    let refusals = 7
    cluster.intercept = (_address, request, { endpoint }) => {
      if (request.kind !== RequestKind.Get || refusals === 0) return false
      refusals -= 1
      endpoint.error(request.id, error(ErrorCode.Overloaded))
      return true
    }
    const first = outcome(client.get('first', { ...consistency, timeout: 60_000 }))
    await cluster.clock.run(20_000)
    expect([first.value, refusals]).toEqual([0, 0])
    refusals = 1
    const second = outcome(client.get('first', { ...consistency, timeout: 60_000 }))
    await cluster.clock.run(100)
    expect(second.value).toBe(0)
  })
})
