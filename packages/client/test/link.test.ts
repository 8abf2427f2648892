import { CommandTooLargeError, OutcomeUnknownError, ProtocolError, type StoreError } from '@raft/commands'
import { describe, expect, test } from 'vitest'
import { Call, type CallRequest } from '../src/call.js'
import { ConnectionError } from '../src/errors.js'
import { Link } from '../src/link.js'
import type { ConnectionEvents, Connector } from '../src/ports.js'
import { type Request, RequestKind, ServerEndpoint } from '../src/protocol/index.js'
import { REQUEST_HEAD_BYTES } from '../src/protocol/request.js'
import { Counters } from '../src/statistics.js'
import { VirtualClock } from './support/virtual-clock.js'

const NOT_FOUND = { revision: 1, entry: null }
const STATUS = {
  memberId: 'n1',
  clusterId: 'test',
  role: 'leader',
  term: 1,
  leaderId: 'n1',
  commitIndex: 1,
  appliedIndex: 1,
  revision: 1,
  members: [],
}

interface Setup {
  readonly maxFrameBytes?: number
  readonly maxRequestBytes?: number
  readonly connector?: Connector
}

/** A link, the member at its other end, and what the link tells its owner. */
function setUp({ maxFrameBytes = 100_000, maxRequestBytes, connector }: Setup = {}) {
  const clock = new VirtualClock()
  const counters = new Counters()
  const requests: Request[] = []
  const told: string[] = []
  const lost: StoreError[] = []
  const member = new ServerEndpoint({
    identity: { memberId: 'n1', clusterId: 'test' },
    ...(maxRequestBytes === undefined ? {} : { maxRequestBytes }),
    onRequest: (request) => requests.push({ ...request, body: request.body.slice() }),
    onPending: () => {},
  })
  const wire: { events: ConnectionEvents | null; takesMore: boolean; closed: number; writes: number } = {
    events: null,
    takesMore: true,
    closed: 0,
    writes: 0,
  }
  const inMemory: Connector = {
    connect: (_address, events) => {
      wire.events = events
      return {
        write: (bytes) => {
          wire.writes += 1
          member.receive(bytes)
          return wire.takesMore
        },
        close: () => {
          wire.closed += 1
        },
      }
    },
  }
  const options = { clock, random: () => 0.5, minBackoff: 20, maxBackoff: 1000, counters, connectTimeout: 1000, maxFrameBytes }
  const link = new Link(
    'n1:1',
    { ...options, connector: connector ?? inMemory },
    {
      onReady: () => told.push('ready'),
      onStatus: (_link, status) => told.push(`status of ${status.memberId}`),
      onResponse: (_link, call, kind) => told.push(`${kind} for ${call.sequence}`),
      onRoom: () => told.push('room'),
      onLost: (_link, error) => lost.push(error),
    },
  )
  /** What the member has to say arrives. */
  const arrive = () => {
    const bytes = member.take()
    if (bytes !== null) wire.events?.onData(bytes)
  }
  /** The connection is there, and the member has said who it is. */
  const greet = () => {
    wire.events?.onOpen()
    arrive()
  }
  return { clock, counters, requests, told, lost, member, wire, link, arrive, greet }
}

let sequence = 0

function callOf(request: Partial<CallRequest> = {}): Call {
  return new Call(
    sequence++,
    {
      kind: RequestKind.Get,
      body: new Uint8Array(10),
      route: 'any',
      isWrite: false,
      idempotent: false,
      timeout: 1000,
      signal: null,
      onResult: () => {},
      onError: () => {},
      ...request,
    },
    0,
  )
}

describe('a connection', () => {
  test('is ready when the member has said who it is, and then outlasts connectTimeout', async () => {
    const { link, greet, told, counters, clock, lost } = setUp()
    expect([link.ready, link.writable]).toEqual([false, false])
    greet()
    expect([link.ready, link.writable, link.memberId, link.clusterId, told]).toEqual([true, true, 'n1', 'test', ['ready']])
    await clock.run(5000)
    expect([lost, counters.connects, counters.connectFailures, counters.disconnects]).toEqual([[], 1, 0, 0])
  })

  test('whose member says nothing is given up after connectTimeout, once', async () => {
    const { link, clock, lost, counters, wire } = setUp()
    await clock.run(999)
    expect(lost).toEqual([])
    await clock.run(1)
    expect(lost.map(String)).toEqual(['ConnectionError: n1:1 did not answer within 1000 ms'])
    link.lose(new ConnectionError('again'))
    wire.events?.onClose(null)
    expect([lost.length, link.closed, wire.closed, counters.connectFailures, counters.disconnects]).toEqual([1, true, 1, 1, 0])
  })

  test.each([
    ['closed by the member', null, false],
    ['connect ECONNREFUSED', new Error('connect ECONNREFUSED'), true],
    ['ETIMEDOUT', Object.assign(new Error('none'), { message: '', code: 'ETIMEDOUT' }), true],
    ['AggregateError', Object.assign(new AggregateError([], 'none'), { message: '' }), true],
  ])('that ends says why: %s', (why, cause, hasCause) => {
    const { greet, wire, lost, counters } = setUp()
    greet()
    wire.events?.onClose(cause)
    expect(lost[0]).toBeInstanceOf(ConnectionError)
    expect([lost[0]?.message, lost[0]?.cause]).toEqual([`lost connection to n1:1: ${why}`, hasCause ? cause : undefined])
    expect([counters.disconnects, counters.connectFailures]).toEqual([1, 0])
    const never = setUp()
    never.wire.events?.onClose(cause)
    expect([never.lost[0]?.message, never.counters.connectFailures]).toEqual([`no connection to n1:1: ${why}`, 1])
  })

  test('to an address that cannot be one is told as lost, and not from inside the call', async () => {
    const cause = new Error('Invalid port')
    const { link, lost, clock } = setUp({
      connector: {
        connect: () => {
          throw cause
        },
      },
    })
    expect(lost).toEqual([])
    link.flush()
    await clock.run(0)
    expect(lost.map(({ message }) => message)).toEqual(['cannot connect to n1:1: Error: Invalid port'])
    expect(lost[0]?.cause).toBe(cause)
    link.close()
  })

  test('that its owner has closed tells nothing more', async () => {
    const { link, greet, wire, lost, told, clock, member } = setUp()
    greet()
    const call = callOf()
    link.send(call, 1000)
    link.flush()
    link.close()
    link.close()
    expect([wire.closed, link.writable, link.closed]).toEqual([1, false, true])
    member.get(call.id, NOT_FOUND)
    wire.events?.onData(member.take() as Uint8Array)
    wire.events?.onDrain()
    wire.events?.onOpen()
    link.flush()
    await clock.run(5000)
    expect([lost, told, link.writable, wire.writes]).toEqual([[], ['ready'], false, 2])
  })

  test('over which something comes that is no answer is lost with the reason', () => {
    const { greet, wire, lost } = setUp()
    greet()
    wire.events?.onData(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))
    expect(lost[0]).toBeInstanceOf(ProtocolError)
  })
})

describe('the socket', () => {
  test('is written to once for all that was sent, and takes more when it says so', () => {
    const { link, greet, wire, requests, told, counters } = setUp()
    greet()
    const writes = wire.writes
    for (let i = 0; i < 3; i++) link.send(callOf(), 1000)
    wire.takesMore = false
    link.flush()
    link.flush()
    expect([requests.length, wire.writes - writes, link.writable, counters.socketWrites]).toEqual([3, 1, false, wire.writes])
    wire.events?.onDrain()
    expect([link.writable, told.at(-1)]).toEqual([true, 'room'])
    expect(counters.bytesReceived).toBeGreaterThan(0)
    expect(counters.bytesSent).toBeGreaterThan(3 * 10)
  })

  test('is told how long the caller waits, in whole milliseconds', () => {
    const { link, greet, requests } = setUp()
    greet()
    for (const timeout of [0, 0.2, 250.5, 1e12]) link.send(callOf(), timeout)
    link.flush()
    expect(requests.map(({ timeout }) => timeout)).toEqual([0, 1, 251, 0xffff_ffff])
    expect(requests.map(({ id }) => id)).toEqual([2, 3, 4, 5])
  })
})

describe('a request that is too large', () => {
  test('is refused by what the member takes, to the byte', () => {
    const { link, greet } = setUp({ maxRequestBytes: 100 })
    greet()
    expect(link.refusal(callOf({ body: new Uint8Array(100) }))).toBe(null)
    const refusal = link.refusal(callOf({ body: new Uint8Array(101) }))
    expect(refusal).toBeInstanceOf(CommandTooLargeError)
    expect(refusal?.message).toContain('101 bytes is over the limit of 100')
  })

  test('is refused by what a frame holds, where the member would take more or has not said', () => {
    const maxFrameBytes = 1000
    const limit = maxFrameBytes - REQUEST_HEAD_BYTES
    const { link, greet } = setUp({ maxFrameBytes, maxRequestBytes: 1_000_000 })
    for (const say of [() => {}, greet]) {
      say()
      expect(link.refusal(callOf({ body: new Uint8Array(limit) }))).toBe(null)
      expect(link.refusal(callOf({ body: new Uint8Array(limit + 1) }))).toBeInstanceOf(CommandTooLargeError)
    }
  })

  test('leaves open what became of an earlier attempt', () => {
    const { link, greet } = setUp({ maxRequestBytes: 100 })
    greet()
    const call = callOf({ isWrite: true, idempotent: true, body: new Uint8Array(101) })
    call.tainted = true
    const refusal = link.refusal(call)
    expect(refusal).toBeInstanceOf(OutcomeUnknownError)
    expect(refusal?.cause).toBeInstanceOf(CommandTooLargeError)
  })
})

describe('an answer', () => {
  test('is told with its call, once: another one is late', () => {
    const { link, greet, member, arrive, told, counters } = setUp()
    greet()
    const [one, other] = [callOf(), callOf()]
    link.send(one, 1000)
    link.send(other, 1000)
    link.flush()
    member.get(other.id, NOT_FOUND)
    arrive()
    expect([told.at(-1)?.endsWith(` for ${other.sequence}`), [...link.inFlight.values()]]).toEqual([true, [one]])
    member.get(other.id, NOT_FOUND)
    arrive()
    expect([counters.lateResponses, told.length]).toEqual([1, 2])
  })

  test('to a call that was taken back is told until nobody wants it', () => {
    const { link, greet, member, arrive, told, counters } = setUp()
    greet()
    const [wanted, unwanted] = [callOf(), callOf()]
    for (const call of [wanted, unwanted]) {
      link.send(call, 1000)
      link.withdraw(call)
    }
    link.flush()
    expect(link.inFlight.size).toBe(0)
    link.forget(unwanted)
    link.forget(callOf())
    for (const { id } of [wanted, unwanted]) member.get(id, NOT_FOUND)
    arrive()
    expect(told.filter((text) => text.includes(' for ')).map((text) => text.split(' for ')[1])).toEqual([`${wanted.sequence}`])
    expect([counters.lateResponses, wanted.left?.size, unwanted.left?.size]).toEqual([1, 0, 0])
  })

  test('that is owed yet is waited for when the call comes back, and the call is not sent twice', () => {
    const { link, greet, requests, member, arrive, told } = setUp()
    greet()
    const call = callOf()
    link.send(call, 1000)
    const { id } = call
    link.withdraw(call)
    link.send(call, 1000)
    link.flush()
    expect([requests.length, call.id, call.link, call.left?.size, link.inFlight.get(id)]).toEqual([1, id, link, 0, call])
    member.get(id, NOT_FOUND)
    arrive()
    expect(told.at(-1)).toMatch(/ for \d+$/)
  })

  test('is awaited by no call any more when the connection is lost', () => {
    const { link, greet, wire } = setUp()
    greet()
    const call = callOf()
    link.send(call, 1000)
    link.withdraw(call)
    wire.events?.onClose(null)
    expect(call.left?.size).toBe(0)
  })
})

describe('the question how the member is', () => {
  test('is asked when it is ready, one at a time, and its answer is told', () => {
    const { link, greet, requests, member, arrive, told, counters } = setUp()
    link.probe()
    greet()
    expect(requests).toEqual([])
    link.probe()
    link.probe()
    expect(requests.map(({ id, kind, timeout }) => [id, kind, timeout])).toEqual([[0, RequestKind.Status, 0]])
    expect([link.owes, counters.probes]).toEqual([true, 1])
    member.status(0, STATUS)
    arrive()
    expect([told.at(-1), link.owes]).toEqual(['status of n1', false])
    link.probe()
    expect([requests.length, counters.probes]).toEqual([2, 2])
    member.error(0, { outcome: 'notAppended', code: 'RAFT_STOPPING', message: 'no', leader: null })
    arrive()
    // An error says no more than that the member is there.
    expect([told.at(-1), link.owes]).toEqual(['status of n1', false])
  })

  test('that nobody has asked has no answer', () => {
    const { greet, member, arrive, lost } = setUp()
    greet()
    member.status(0, STATUS)
    arrive()
    expect(lost[0]).toBeInstanceOf(ProtocolError)
    expect(lost[0]?.message).toBe('a status that nobody asked for')
  })
})

describe('a member that owes an answer', () => {
  const write = { isWrite: true, kind: RequestKind.Write }

  test('owes an outcome where a write was sent that may not be sent again', () => {
    const { link, greet } = setUp()
    greet()
    for (const [request, owes] of [
      [{}, false],
      [{ ...write, idempotent: true }, false],
      [write, true],
    ] as const) {
      link.send(callOf(request), 1000)
      expect(link.owesOutcome).toBe(owes)
    }
  })

  test('owes what was sent since it was heard last, and while its socket is full all that is not answered', () => {
    const { link, greet, member, arrive, wire } = setUp()
    greet()
    const bytes = REQUEST_HEAD_BYTES + 10
    const [one, other] = [callOf(), callOf()]
    link.send(one, 1000)
    link.send(other, 1000)
    expect(link.owedBytes).toBe(2 * bytes)
    wire.takesMore = false
    link.flush()
    member.get(one.id, NOT_FOUND)
    arrive()
    expect([link.owedBytes, link.owes]).toEqual([10, true])
    wire.events?.onDrain()
    expect(link.owedBytes).toBe(0)
    // What its caller does not wait for any more is owed all the same.
    const third = callOf()
    link.send(third, 1000)
    link.inFlight.delete(third.id)
    link.inFlight.delete(other.id)
    expect([link.owes, link.owedBytes]).toEqual([true, bytes])
  })

  test('is silent for as many ticks as nothing has come in since', () => {
    const { link, greet, member, arrive } = setUp()
    greet()
    link.tick()
    expect(link.silentTicks).toBe(0)
    const call = callOf()
    link.send(call, 1000)
    link.flush()
    link.tick()
    link.tick()
    link.send(callOf(), 1000)
    link.tick()
    expect(link.silentTicks).toBe(3)
    member.get(call.id, NOT_FOUND)
    arrive()
    link.tick()
    expect(link.silentTicks).toBe(0)
    link.tick()
    expect(link.silentTicks).toBe(1)
  })

  test('is not blamed for the silence before it owed anything', () => {
    const { link, greet, member, arrive } = setUp()
    greet()
    const call = callOf()
    link.send(call, 1000)
    link.tick()
    link.tick()
    member.get(call.id, NOT_FOUND)
    link.flush()
    arrive()
    // Between two ticks it has answered, and is asked anew.
    expect([link.owes, link.silentTicks]).toEqual([false, 2])
    link.send(callOf(), 1000)
    expect(link.silentTicks).toBe(0)
    link.tick()
    expect(link.silentTicks).toBe(1)
  })

  test('is trusted again with the first that comes of it, and its owner is told that there is room', () => {
    const { link, greet, member, arrive, told } = setUp()
    greet()
    const call = callOf()
    link.send(call, 1000)
    link.flush()
    link.silent = true
    member.get(call.id, NOT_FOUND)
    arrive()
    expect([link.silent, told.at(-1)]).toEqual([false, 'room'])
    member.get(99, NOT_FOUND)
    arrive()
    expect(told.filter((text) => text === 'room')).toHaveLength(1)
  })
})

test('what is left of a chunk is not read when its owner has closed the link over the first answer', () => {
  const { link, greet, member, arrive, told } = setUp()
  greet()
  const calls = [callOf(), callOf()]
  for (const call of calls) link.send(call, 1000)
  link.flush()
  for (const { id } of calls) member.get(id, NOT_FOUND)
  const push = told.push.bind(told)
  told.push = (...texts) => {
    link.close()
    return push(...texts)
  }
  arrive()
  expect(told.filter((text) => text.includes(' for '))).toHaveLength(1)
})
