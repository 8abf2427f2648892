import { decodeError, RequestKind, ResponseKind } from '@raft/client/protocol'
import type { StepResult, StoreResult } from '@raft/commands'
import { describe, expect, it } from 'vitest'
import { Account } from '../src/account.js'
import { sendError } from '../src/http/answer.js'
import { KvRoutes } from '../src/http/kv-routes.js'
import { parseTarget, readBody } from '../src/http/request.js'
import type { KeyValueService } from '../src/store/key-value-service.js'
import { put } from './http-by-hand.js'
import { type ProtocolClient, startPort } from './port.js'

const KIB = 1024

describe('an account', () => {
  it('lets no more in than its limit, in all its parts together', () => {
    const whole = new Account(100)
    const [one, other] = [whole.part(80), whole.part(80)]
    expect(one.take(60)).toBe(true)
    expect(one.take(30)).toBe(false)
    expect(other.take(50)).toBe(false)
    expect(other.take(40)).toBe(true)
    expect([whole.bytes, whole.isFull, one.isFull]).toEqual([100, true, true])
    one.release(60)
    expect([whole.bytes, whole.isFull, other.bytes]).toEqual([40, false, 40])
  })

  it('lets one in whatever its size, or it would be refused for ever', () => {
    const whole = new Account(100)
    const part = whole.part(50)
    expect(part.take(500)).toBe(true)
    expect(whole.take(1)).toBe(false)
    part.release(500)
    expect(whole.take(100)).toBe(true)
  })
})

/** What a transaction came to that has read so many bytes. */
function readResult(bytes: number, ...more: StepResult[]): StoreResult {
  const entry = { key: Buffer.from('k'), value: Buffer.alloc(bytes), createRevision: 1, modRevision: 1, version: 1 }
  return { type: 'transaction', revision: 1, succeeded: true, results: [{ type: 'get', entry }, ...more] }
}

const answered = ({ answers }: ProtocolClient, id: number) => {
  const answer = answers.get(id)
  if (answer === undefined) return 'waits'
  if (answer.kind !== ResponseKind.Error) return 'ok'
  const { code, outcome } = decodeError(answer.body)
  return `${code} ${outcome}`
}

describe('on a connection of the client protocol', () => {
  it('results that nobody takes are held up to a limit, and the others dropped for what is known of them (issue 18)', async () => {
    const account = new Account(32 * KIB * KIB)
    const protocol = { account, maxConnectionBytes: 32 * KIB * KIB, maxOutgoingBytes: 4 * KIB * KIB }
    const { node, open } = await startPort({ protocol })
    const client = await open()
    const writes = 40
    for (let id = 1; id <= writes; id++) client.ask(id, RequestKind.Write, Buffer.from('a command'))
    client.flush()
    await expect.poll(() => node.writes.length).toBe(writes)
    client.peer.socket.pause()
    const change: StepResult = { type: 'put', createRevision: 1, modRevision: 1, version: 1 }
    for (const [i, done] of node.writes.entries()) done(null, readResult(4 * KIB * KIB, ...(i % 2 === 0 ? [] : [change])))
    expect(account.bytes).toBeLessThan(40 * KIB * KIB)
    client.peer.socket.resume()
    await expect.poll(() => client.answers.size, { timeout: 20_000 }).toBe(writes)
    const outcomes = Array.from({ length: writes }, (_, i) => answered(client, i + 1))
    expect(outcomes.filter((outcome) => outcome === 'ok').length).toBeGreaterThanOrEqual(6)
    expect(outcomes.slice(-2)).toEqual(['RAFT_OVERLOADED notAppended', 'RAFT_OUTCOME_UNKNOWN unknown'])
    await expect.poll(() => account.bytes).toBe(0)
  })

  it('results that one client does not take fill its connection, and not the member (issue 18)', async () => {
    const account = new Account(256 * KIB * KIB)
    const protocol = { account, maxConnectionBytes: 16 * KIB * KIB, maxOutgoingBytes: 4 * KIB * KIB }
    const { node, open } = await startPort({ protocol })
    const client = await open()
    const writes = 40
    for (let id = 1; id <= writes; id++) client.ask(id, RequestKind.Write, Buffer.from('a command'))
    client.flush()
    await expect.poll(() => node.writes.length).toBe(writes)
    client.peer.socket.pause()
    for (const done of node.writes) done(null, readResult(4 * KIB * KIB))
    expect(account.bytes).toBeLessThan(32 * KIB * KIB)
    client.peer.socket.resume()
    await expect.poll(() => client.answers.size, { timeout: 20_000 }).toBe(writes)
    expect(answered(client, 1)).toBe('ok')
    expect(answered(client, writes)).toBe('RAFT_OVERLOADED notAppended')
    await expect.poll(() => account.bytes).toBe(0)
  })

  it('a write is refused, and a read, when the member holds as much as it may', async () => {
    const account = new Account(100 * KIB)
    const { node, open } = await startPort({ protocol: { account } })
    const client = await open()
    client.ask(1, RequestKind.Write, Buffer.alloc(90 * KIB))
    client.ask(2, RequestKind.Write, Buffer.alloc(20 * KIB))
    client.flush()
    await expect.poll(() => answered(client, 2)).toBe('RAFT_OVERLOADED notAppended')
    expect(account.bytes).toBeGreaterThanOrEqual(90 * KIB)
    account.add(10 * KIB)
    client.get(3, 'local').flush()
    await expect.poll(() => answered(client, 3)).toBe('RAFT_OVERLOADED notAppended')
    account.release(10 * KIB)
    node.writes[0]?.(null, { type: 'delete', revision: 1, deleted: true })
    await expect.poll(() => answered(client, 1)).toBe('ok')
    client.get(4, 'local').flush()
    await expect.poll(() => answered(client, 4)).toBe('ok')
    await expect.poll(() => account.bytes).toBe(0)
  })

  it('a request that comes in pieces counts, and is refused when there is no room for it, without the others', async () => {
    const account = new Account(600 * KIB)
    const add = account.add.bind(account)
    let most = 0
    account.add = (bytes) => {
      add(bytes)
      most = Math.max(most, account.bytes)
    }
    const { open } = await startPort({ protocol: { account } })
    const [slow, other] = [await open(), await open()]
    slow.ask(1, RequestKind.Write, Buffer.alloc(800 * KIB))
    slow.flush(300 * KIB)
    await expect.poll(() => account.bytes).toBeGreaterThanOrEqual(300 * KIB)
    expect(account.bytes).toBeLessThanOrEqual(600 * KIB)
    other.ask(1, RequestKind.Write, Buffer.alloc(700 * KIB))
    other.get(2, 'local').flush()
    await expect.poll(() => answered(other, 2)).toBe('ok')
    expect(answered(other, 1)).toBe('RAFT_OVERLOADED notAppended')
    expect(most).toBeLessThan(700 * KIB)
    slow.peer.socket.destroy()
    await expect.poll(() => account.bytes).toBe(0)
  })
})

describe('over HTTP', () => {
  it('a body counts while it comes and until it is answered, and is refused with 503 when there is no room', async () => {
    const account = new Account(100 * KIB)
    const held: (() => void)[] = []
    const { dial } = await startPort({
      onRequest: (request, response) =>
        void readBody(request, response, { limit: 80 * KIB, account }).then(
          () => held.push(() => response.end('done')),
          (error: unknown) => sendError(response, error),
        ),
    })
    const [stalled, waiting, refused] = [await dial(), await dial(), await dial()]
    stalled.send(put('/a', `content-length: ${80 * KIB}`, 'x'.repeat(30 * KIB)))
    await expect.poll(() => account.bytes).toBe(30 * KIB)
    waiting.send(put('/b', `content-length: ${60 * KIB}`, 'x'.repeat(60 * KIB)))
    await expect.poll(() => held.length).toBe(1)
    expect(account.bytes).toBe(90 * KIB)
    refused.send(put('/c', `content-length: ${20 * KIB}`, 'x'.repeat(20 * KIB)))
    await refused.until(() => refused.statuses.length === 1)
    expect(refused.received).toMatch(/^HTTP\/1.1 503 [\s\S]*retry-after: 1[\s\S]*RAFT_OVERLOADED/)
    held[0]?.()
    await waiting.until(() => waiting.statuses.length === 1)
    stalled.socket.destroy()
    await expect.poll(() => account.bytes).toBe(0)
  })

  it('a large answer counts until it is taken, and is refused with 503 when there is no room', async () => {
    const account = new Account(40 * KIB * KIB)
    const entry = { key: Buffer.from('k'), value: Buffer.alloc(12 * KIB * KIB, 'v'), createRevision: 1, modRevision: 1, version: 1 }
    const service = { prepareGet: async () => () => ({ revision: 1, entry }) } as unknown as KeyValueService
    const kv = new KvRoutes({ service, account, requestTimeout: 1000, maxValueBytes: 1000 })
    const { dial } = await startPort({
      onRequest: (request, response) =>
        void kv
          .get(Buffer.from('k'), parseTarget(request.url ?? '').query, request, response)
          .catch((error: unknown) => sendError(response, error)),
    })
    const [slow, other] = [await dial(), await dial()]
    slow.socket.pause()
    slow.send('GET /k?raw HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await expect.poll(() => account.bytes).toBeGreaterThan(20 * KIB * KIB)
    other.send('GET /k?raw HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await other.until(() => other.statuses.length === 1)
    expect(other.statuses).toEqual([503])
    slow.socket.resume()
    await expect.poll(() => account.bytes, { timeout: 20_000 }).toBe(0)
  })
})
