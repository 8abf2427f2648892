import { createServer, type Server } from 'node:net'
import { tcpConnector } from '@raft/client'
import { ErrorCode, RequestKind, ServerEndpoint } from '@raft/client/protocol'
import { decodeResult, encodePut, Operation } from '@raft/commands'
import {
  CommandTooLargeError,
  type Member,
  NotLeaderError,
  OutcomeUnknownError,
  OverloadedError,
  type RaftError,
  type Transition,
} from '@raft/core'
import { expect, onTestFinished, test } from 'vitest'
import { Account } from '../src/account.js'
import { NoLeaderError } from '../src/errors.js'
import { nodeClock } from '../src/index.js'
import { LeaderAccess } from '../src/routing/leader-access.js'
import type { LeaderTask } from '../src/routing/operation.js'

type OnRequest = (endpoint: ServerEndpoint, id: number, drop: () => void, kind: number) => void

/** A member's client address, of which each test decides what it answers. */
async function fakeMember(id: string, onRequest: OnRequest, { clusterId = 'c', maxRequestBytes = 1e6 } = {}) {
  let requests = 0
  let connections = 0
  const server: Server = createServer((socket) => {
    connections += 1
    const flush = () => {
      const bytes = endpoint.take()
      if (bytes !== null && !socket.destroyed) socket.write(bytes)
    }
    const endpoint = new ServerEndpoint({
      identity: { memberId: id, clusterId },
      maxRequestBytes,
      onRequest: (request) => {
        // A sign of life is no request.
        if (request.kind !== RequestKind.Status) requests += 1
        onRequest(endpoint, request.id, () => socket.destroy(), request.kind)
      },
      onPending: () => setImmediate(flush),
    })
    socket.on('error', () => {})
    socket.on('data', (chunk) => endpoint.receive(chunk))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  const member: Member = { id, addresses: { client: `127.0.0.1:${port}` } }
  return {
    member,
    get requests() {
      return requests
    },
    get connections() {
      return connections
    },
  }
}

/** Stands in for core's Node: the test says who leads. */
function setUp(more: { maxPending?: number; silenceTimeout?: number } = {}) {
  let listener: (transition: Transition) => void = () => {}
  const node = {
    id: 'self',
    leader: null as Member | null,
    on: (_name: 'transition', given: (transition: Transition) => void) => {
      listener = given
      return () => {}
    },
    lead(member: Member | null) {
      node.leader = member
      listener({ role: 'follower', term: 1, leaderId: member?.id ?? null })
    },
  }
  const access = new LeaderAccess({
    account: new Account(64 * 1024 * 1024),
    node,
    clusterId: 'c',
    clock: nodeClock,
    connector: tcpConnector,
    maxPending: more.maxPending ?? 100,
    maxWaitingBytes: 1e6,
    silenceTimeout: more.silenceTimeout ?? 60_000,
    onProblem: () => {},
  })
  onTestFinished(() => access.stop())
  return { node, access }
}

const write = (local: (done: (error: RaftError | null, result: number | undefined) => void) => void = () => {}): LeaderTask<number> => ({
  isWrite: true,
  bytes: 5,
  kind: RequestKind.Write,
  body: () => encodePut(Buffer.from('k'), Buffer.from('v')),
  decode: (_kind, body) => decodeResult(Operation.put, body).version,
  local,
})
const read: LeaderTask<number> = { ...write(), isWrite: false }
const answer: OnRequest = (endpoint, id) => endpoint.result(id, { type: 'put', revision: 1, createRevision: 1, modRevision: 1, version: 7 })
const silent: OnRequest = () => {}

test('a forwarded write whose connection breaks after it was sent has an unknown outcome, and is never sent again', async () => {
  const { node, access } = setUp()
  const leader = await fakeMember('n2', (_endpoint, _id, drop) => drop())
  node.lead(leader.member)
  await expect(access.run(write(), 2000)).rejects.toThrow(OutcomeUnknownError)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(leader.requests).toBe(1)
})

test('a forwarded read whose connection breaks is asked again, of whoever leads by then', async () => {
  const { node, access } = setUp()
  const next = await fakeMember('n3', answer)
  const leader = await fakeMember('n2', (_endpoint, _id, drop) => {
    drop()
    node.lead(next.member)
  })
  node.lead(leader.member)
  expect(await access.run(read, 2000)).toBe(7)
})

test('a write that the member refused unappended goes to the new leader', async () => {
  const { node, access } = setUp()
  const next = await fakeMember('n3', answer)
  const leader = await fakeMember('n2', (endpoint, id) => {
    endpoint.error(id, { outcome: 'notAppended', code: ErrorCode.NotLeader, message: 'no', leader: null })
    node.lead(next.member)
  })
  node.lead(leader.member)
  expect(await access.run(write(), 2000)).toBe(7)
  expect([leader.requests, next.requests]).toEqual([1, 1])
})

test('a write that the leader says is of unknown outcome is of unknown outcome', async () => {
  const { node, access } = setUp()
  const leader = await fakeMember('n2', (endpoint, id) =>
    endpoint.error(id, { outcome: 'unknown', code: ErrorCode.OutcomeUnknown, message: 'who knows', leader: null }),
  )
  node.lead(leader.member)
  await expect(access.run(write(), 2000)).rejects.toThrow(OutcomeUnknownError)
  expect(leader.requests).toBe(1)
})

test('a leader that does not answer: unknown outcome for a write, no effect for a read', async () => {
  const { node, access } = setUp()
  const leader = await fakeMember('n2', silent)
  node.lead(leader.member)
  await expect(access.run(write(), 200)).rejects.toThrow(OutcomeUnknownError)
  await expect(access.run(read, 200)).rejects.toThrow(NoLeaderError)
})

test('another member or cluster at the leader’s address gets nothing; the write waits and ends without effect', async () => {
  const { node, access } = setUp()
  const stranger = await fakeMember('n9', answer)
  node.lead({ ...stranger.member, id: 'n2' })
  await expect(access.run(write(), 300)).rejects.toThrow(NoLeaderError)
  const foreign = await fakeMember('n3', answer, { clusterId: 'another cluster' })
  node.lead(foreign.member)
  await expect(access.run(write(), 300)).rejects.toThrow(NoLeaderError)
  expect([stranger.requests, foreign.requests]).toEqual([0, 0])
})

test('a leader that cannot be reached: the write goes to the next one, since it was never sent', async () => {
  const { node, access } = setUp()
  const leader = await fakeMember('n3', answer)
  node.lead({ id: 'n2', addresses: { client: '127.0.0.1:1' } })
  const result = access.run(write(), 5000)
  setTimeout(() => node.lead(leader.member), 100)
  expect(await result).toBe(7)
})

const hang: OnRequest = () => {}
const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

test('a leader that hangs with its connection open: what is read goes to the new leader as soon as that is known', async () => {
  const { node, access } = setUp()
  const [hanging, next] = [await fakeMember('n2', hang), await fakeMember('n3', answer)]
  node.lead(hanging.member)
  const reading = access.run(read, 600_000)
  while (hanging.requests === 0) await later(5)
  node.lead(next.member)
  expect(await reading).toBe(7)
})

test('so it does when this member becomes the leader', async () => {
  const { node, access } = setUp()
  const hanging = await fakeMember('n2', hang)
  node.lead(hanging.member)
  const reading = access.run({ ...read, local: (done) => done(null, 8) }, 600_000)
  while (hanging.requests === 0) await later(5)
  node.lead({ id: 'self', addresses: {} })
  expect(await reading).toBe(8)
})

test('a write that was sent to a leader that hangs is not sent to the new one; one that was not sent is', async () => {
  const { node, access } = setUp({ silenceTimeout: 200 })
  const [hanging, next] = [await fakeMember('n2', hang), await fakeMember('n3', answer)]
  // Connections are taken, and nothing is ever said.
  const mute = createServer(() => {})
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void mute.close())
  node.lead(hanging.member)
  const sent = access.run(write(), 600_000)
  while (hanging.requests === 0) await later(5)
  node.lead({ id: 'n4', addresses: { client: `127.0.0.1:${(mute.address() as { port: number }).port}` } })
  const notSent = access.run(write(), 600_000)
  node.lead(next.member)
  expect(await notSent).toBe(7)
  await expect(sent).rejects.toThrow(OutcomeUnknownError)
  expect(next.requests).toBe(1)
})

test('a write that was sent to a leader that hangs is of unknown outcome soon after another leads, whatever time it was given', async () => {
  const { node, access } = setUp()
  const [hanging, next] = [await fakeMember('n2', hang), await fakeMember('n3', answer)]
  node.lead(hanging.member)
  const sent = access.run(write(), 600_000)
  while (hanging.requests === 0) await later(5)
  node.lead(next.member)
  await expect(sent).rejects.toThrow(OutcomeUnknownError)
  expect(await access.run(write(), 600_000)).toBe(7)
  expect([hanging.requests, next.requests]).toEqual([1, 1])
})

test('a leader that was replaced, and gives signs of life, is waited for: it knows what became of a write', async () => {
  const { node, access } = setUp()
  let probes = 0
  let writing = 0
  const former = await fakeMember('n2', (endpoint, id, _drop, kind) => {
    if (kind !== RequestKind.Status) writing = id
    else if (++probes < 5) endpoint.error(id, { outcome: 'notAppended', code: ErrorCode.Internal, message: '', leader: null })
    else endpoint.result(writing, { type: 'put', revision: 1, createRevision: 1, modRevision: 1, version: 7 })
  })
  const next = await fakeMember('n3', answer)
  node.lead(former.member)
  const sent = access.run(write(), 600_000)
  while (former.requests === 0) await later(5)
  node.lead(next.member)
  expect(await sent).toBe(7)
  expect(next.requests).toBe(0)
})

test('a leader that was replaced and leads again while it owes an answer may take its time over it', async () => {
  const { node, access } = setUp()
  let answerWrite = () => {}
  const leader = await fakeMember('n2', (endpoint, id, _drop, kind) => {
    if (kind === RequestKind.Write)
      answerWrite = () => endpoint.result(id, { type: 'put', revision: 1, createRevision: 1, modRevision: 1, version: 7 })
  })
  const other = await fakeMember('n3', answer)
  node.lead(leader.member)
  const sent = access.run(write(), 600_000)
  while (leader.requests === 0) await later(5)
  node.lead(other.member)
  node.lead(leader.member)
  await later(400)
  answerWrite()
  expect(await sent).toBe(7)
})

test('a connection that owes answers and is silent is given up: reads are asked again over another, writes are unknown', async () => {
  const { node, access } = setUp({ silenceTimeout: 200 })
  const leader = await fakeMember('n2', (endpoint, id) => {
    if (leader.connections > 1) endpoint.result(id, { type: 'put', revision: 1, createRevision: 1, modRevision: 1, version: 7 })
  })
  node.lead(leader.member)
  const writing = access.run(write(), 600_000)
  writing.catch(() => {})
  expect(await access.run(read, 600_000)).toBe(7)
  await expect(writing).rejects.toThrow(OutcomeUnknownError)
  expect(leader.requests).toBe(3)
})

test('so is one whose requests nobody waits for any more', async () => {
  const { node, access } = setUp({ silenceTimeout: 400 })
  const leader = await fakeMember('n2', (endpoint, id) => {
    if (leader.connections > 1) endpoint.result(id, { type: 'put', revision: 1, createRevision: 1, modRevision: 1, version: 7 })
  })
  node.lead(leader.member)
  await expect(access.run(read, 100)).rejects.toThrow(NoLeaderError)
  expect(await access.run(read, 600_000)).toBe(7)
})

test('a leader that takes long over a write and gives signs of life is waited for', async () => {
  const { node, access } = setUp({ silenceTimeout: 100 })
  let probes = 0
  let writing = 0
  const leader = await fakeMember('n2', (endpoint, id, _drop, kind) => {
    if (kind !== RequestKind.Status) writing = id
    else if (++probes < 5) endpoint.error(id, { outcome: 'notAppended', code: ErrorCode.Internal, message: '', leader: null })
    else endpoint.result(writing, { type: 'put', revision: 1, createRevision: 1, modRevision: 1, version: 7 })
  })
  node.lead(leader.member)
  expect(await access.run(write(), 600_000)).toBe(7)
  expect([leader.requests, leader.connections]).toEqual([1, 1])
})

test('what is larger than the leader takes is refused before it is sent, and nothing else is touched', async () => {
  const { node, access } = setUp()
  const leader = await fakeMember('n2', answer, { maxRequestBytes: 100 })
  node.lead(leader.member)
  const large = { ...write(), body: () => encodePut(Buffer.from('k'), Buffer.alloc(100)) }
  const [before, refused, after] = [access.run(write(), 5000), access.run(large, 5000), access.run(write(), 5000)]
  await expect(refused).rejects.toThrow(CommandTooLargeError)
  await expect(refused).rejects.toThrow(/limit of 100/)
  expect(await Promise.all([before, after])).toEqual([7, 7])
  await expect(access.run(large, 5000)).rejects.toThrow(CommandTooLargeError)
  expect([leader.requests, leader.connections]).toEqual([2, 1])
})

test('a leader without a client address is named', async () => {
  const { node, access } = setUp()
  node.lead({ id: 'n2', addresses: { peer: '127.0.0.1:1' } })
  await expect(access.run(write(), 1000)).rejects.toThrow(NotLeaderError)
})

test('a proposal here that was not appended waits for the next leader; one that got no answer in time is unknown', async () => {
  const { node, access } = setUp()
  const next = await fakeMember('n2', answer)
  const self: Member = { id: 'self', addresses: {} }
  node.lead(self)
  const result = access.run(
    write((done) => {
      done(new NotLeaderError(null), undefined)
      node.lead(next.member)
    }),
    2000,
  )
  expect(await result).toBe(7)
  node.lead(self)
  await expect(access.run(write(), 100)).rejects.toThrow(OutcomeUnknownError)
})

test('beyond maxPending requests are refused; stopping fails what waits, and says what may have taken effect', async () => {
  const { node, access } = setUp({ maxPending: 2 })
  const waiting = access.run(write(), 5000)
  const self: Member = { id: 'self', addresses: {} }
  node.leader = self
  const proposed = access.run(write(), 5000)
  await expect(access.run(write(), 5000)).rejects.toThrow(OverloadedError)
  node.leader = null
  access.stop()
  await expect(waiting).rejects.toMatchObject({ code: 'RAFT_STOPPED' })
  await expect(proposed).rejects.toThrow(OutcomeUnknownError)
  expect(access.pending).toBe(0)
})
