import { connect as connectTcp } from 'node:net'
import { bytes, connect, RefusedError } from '@raft/client'
import { ClientEndpoint, decodeError, type ErrorResponse, encodeGet, encodeRange, RequestKind, ResponseKind } from '@raft/client/protocol'
import { decodeResult, encodePut, Operation } from '@raft/commands'
import { expect, onTestFinished, test } from 'vitest'
import { startInProcess } from './cluster.js'

interface Response {
  readonly id: number
  readonly kind: number
  readonly body: Uint8Array
}

/** A connection that speaks the protocol by hand. */
async function open(address: string) {
  const [host, port] = address.split(':')
  const socket = connectTcp({ host: host ?? '', port: Number(port), noDelay: true })
  onTestFinished(() => {
    socket.destroy()
  })
  const responses: Response[] = []
  let wake = () => {}
  let chunks = 0
  const endpoint = new ClientEndpoint({
    onGreeting: () => {},
    onResponse: (id, kind, body) => {
      responses.push({ id, kind, body })
      wake()
    },
  })
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    chunks += 1
    endpoint.receive(chunk)
  })
  return {
    socket,
    endpoint,
    closed,
    get chunks() {
      return chunks
    },
    flush: () => socket.write(endpoint.take() ?? new Uint8Array(0)),
    async answers(count: number): Promise<Response[]> {
      while (responses.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return responses
    },
  }
}

const text = (value: string) => Buffer.from(value)

test('a client connected to any member finds the leader, writes and reads', async () => {
  const cluster = await startInProcess()
  for (const address of cluster.addresses) {
    const client = await connect({ members: [address], codec: bytes })
    await client.put('k', text(address))
    expect(Buffer.from((await client.get('k')) ?? [])).toEqual(text(address))
    const all = await client.statusOfAll()
    expect(all.map((each) => each.status?.memberId).sort()).toEqual(['n1', 'n2', 'n3'])
    await client.close()
  }
})

test('thousands of pipelined requests are answered, each once, with answers coalesced', async () => {
  const cluster = await startInProcess()
  const index = cluster.nodes.indexOf(cluster.leader())
  const connection = await open(cluster.addresses[index] ?? '')
  const count = 5000
  for (let id = 1; id <= count; id++) connection.endpoint.request(id, RequestKind.Write, 0, encodePut(text(`k${id}`), text(`${id}`)))
  connection.flush()
  const responses = await connection.answers(count)
  expect(new Set(responses.map((response) => response.id)).size).toBe(count)
  expect(responses.every((response) => response.kind === ResponseKind.Put)).toBe(true)
  expect(connection.chunks).toBeLessThan(count / 10)
  expect(cluster.leader().store.size).toBe(count)
})

test('linearizable reads of one turn share one confirmation', async () => {
  const cluster = await startInProcess()
  const leader = cluster.leader()
  await leader.put('k', 'v')
  const connection = await open(cluster.addresses[cluster.nodes.indexOf(leader)] ?? '')
  connection.flush()
  for (let id = 1; id <= 500; id++) connection.endpoint.request(id, RequestKind.Get, 0, encodeGet(text('k'), 'linearizable'))
  connection.flush()
  const pending: number[] = []
  const timer = setInterval(() => pending.push(leader.status().pendingReads), 0)
  const responses = await connection.answers(500)
  clearInterval(timer)
  for (const { body } of responses) expect(Buffer.from(decodeResult(Operation.get, body).entry?.value ?? []).toString()).toBe('v')
  // 500 requests in at most a few chunks of the socket.
  expect(Math.max(0, ...pending)).toBeLessThanOrEqual(5)
})

test('a follower names the leader and its client address, and serves local reads itself', async () => {
  const cluster = await startInProcess()
  await cluster.leader().put('k', 'v')
  const [follower] = cluster.followers()
  if (follower === undefined) throw new Error('no follower')
  const connection = await open(cluster.addresses[cluster.nodes.indexOf(follower)] ?? '')
  const { endpoint } = connection
  endpoint.request(1, RequestKind.Write, 0, encodePut(text('k'), text('w')))
  endpoint.request(2, RequestKind.Get, 0, encodeGet(text('k'), 'linearizable'))
  endpoint.request(3, RequestKind.Get, 0, encodeGet(text('k'), 'local'))
  endpoint.request(4, RequestKind.Range, 0, encodeRange({ prefix: text(''), limit: 0 }, 'local'))
  endpoint.request(5, 99, 0, new Uint8Array(0))
  endpoint.request(6, RequestKind.Get, 0, Uint8Array.of(1, 2, 3))
  connection.flush()
  const answers = new Map((await connection.answers(6)).map((response) => [response.id, response]))
  const errorOf = (id: number): ErrorResponse => decodeError(answers.get(id)?.body ?? new Uint8Array(0))
  const leader = { id: cluster.leader().id, address: cluster.addresses[cluster.nodes.indexOf(cluster.leader())] }
  for (const id of [1, 2]) expect(errorOf(id)).toMatchObject({ outcome: 'notAppended', code: 'RAFT_NOT_LEADER', leader })
  expect(answers.get(3)?.kind).toBe(ResponseKind.Get)
  expect(answers.get(4)?.kind).toBe(ResponseKind.Range)
  expect(errorOf(5).code).toBe('RAFT_UNKNOWN_REQUEST')
  expect(errorOf(6).code).toBe('RAFT_MALFORMED')
})

test('a command that makes no sense is refused, and the connection goes on', async () => {
  const cluster = await startInProcess()
  const connection = await open(cluster.addresses[cluster.nodes.indexOf(cluster.leader())] ?? '')
  connection.endpoint.request(1, RequestKind.Write, 0, Uint8Array.of(1, 77))
  connection.endpoint.request(2, RequestKind.Write, 0, encodePut(text('k'), text('v')))
  connection.flush()
  const answers = new Map((await connection.answers(2)).map((response) => [response.id, response]))
  expect(decodeError(answers.get(1)?.body ?? new Uint8Array(0))).toMatchObject({ outcome: 'notAppended', code: 'RAFT_COMMAND_MALFORMED' })
  expect(answers.get(2)?.kind).toBe(ResponseKind.Put)
})

test('a client that does not read its answers is not read from, and the member stays small', async () => {
  const cluster = await startInProcess()
  const leader = cluster.leader()
  await leader.put('k', '\0'.repeat(256 * 1024))
  const connection = await open(cluster.addresses[cluster.nodes.indexOf(leader)] ?? '')
  connection.socket.pause()
  const before = process.memoryUsage().rss
  // 2.5 GB of answers, if all of them were made.
  for (let id = 1; id <= 10_000; id++) connection.endpoint.request(id, RequestKind.Get, 0, encodeGet(text('k'), 'local'))
  let sent = connection.endpoint.take() ?? new Uint8Array(0)
  while (sent.length > 0) {
    connection.socket.write(sent.subarray(0, 1024))
    sent = sent.subarray(1024)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await leader.put('other', 'v')
  expect(process.memoryUsage().rss - before).toBeLessThan(500 * 1024 * 1024)
  connection.socket.destroy()
})

test('a forwarded command that makes no sense to the store is refused as itself', async () => {
  const cluster = await startInProcess()
  const client = await connect({ members: [...cluster.addresses], codec: bytes })
  onTestFinished(() => client.close())
  const [follower] = cluster.followers()
  await expect(follower?.transaction({ success: [{ type: 'get', key: Buffer.alloc(0) }] })).rejects.toMatchObject({
    code: 'RAFT_KEY',
  })
  await expect(client.put('k'.repeat(70_000), text('v'))).rejects.toThrow(/bytes/)
  expect(RefusedError).toBeDefined()
})

test('a member that stops answers what waits, and then closes the connection', async () => {
  const cluster = await startInProcess()
  const leader = cluster.leader()
  const connection = await open(cluster.addresses[cluster.nodes.indexOf(leader)] ?? '')
  for (let id = 1; id <= 100; id++) connection.endpoint.request(id, RequestKind.Write, 0, encodePut(text(`k${id}`), text('v')))
  connection.flush()
  await connection.answers(1)
  await leader.stop()
  await connection.closed
  expect((await connection.answers(100)).length).toBe(100)
})
