import { connect } from 'node:net'
import { encodeClientPreamble, encodeGet, FrameEncoder, RequestKind } from '@raft/client/protocol'
import { encodePut } from '@raft/commands'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type InProcessCluster, startInProcess } from './cluster.js'

/** `pnpm fuzz` sets it to run so many times as much. */
const TIMES = Number(process.env['RAFT_FUZZ'] ?? 1)
const PATIENCE = { timeout: 120_000 * TIMES }

/** Sends the bytes on a connection of its own, ends it, and waits until the member has closed it. Gives back what came. */
function exchange(address: string, bytes: Uint8Array): Promise<Buffer> {
  const [host, port] = address.split(':')
  return new Promise((resolve, reject) => {
    const socket = connect({ host: host ?? '', port: Number(port) })
    const chunks: Buffer[] = []
    const late = setTimeout(() => reject(new Error(`no end after 10 s; sent ${Buffer.from(bytes).toString('latin1')}`)), 10_000)
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(late)
      resolve(Buffer.concat(chunks))
    })
    socket.end(bytes)
  })
}

async function expectWell(cluster: InProcessCluster): Promise<void> {
  await cluster.leader().put('alive', 'yes')
  for (const node of cluster.nodes) expect(await node.get('alive')).toBe('yes')
}

function mutations(valid: readonly Uint8Array[]) {
  const base = fc.constantFrom(...valid)
  const edit = fc.record({ at: fc.nat(200), cut: fc.nat(6), insert: fc.uint8Array({ maxLength: 6 }) })
  const mutated = fc.tuple(base, fc.array(edit, { minLength: 1, maxLength: 3 })).map(([bytes, edits]) => {
    let result = Buffer.from(bytes)
    for (const { at, cut, insert } of edits) {
      const place = at % (result.length + 1)
      result = Buffer.concat([result.subarray(0, place), insert, result.subarray(place + cut)])
    }
    return result
  })
  return fc.oneof({ weight: 5, arbitrary: mutated }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) })
}

test('mutated and random HTTP requests: answered or refused, nothing crashes or hangs', PATIENCE, async () => {
  const cluster = await startInProcess(3, { requestTimeout: 2000 })
  const valid = [
    'GET /v1/kv/k?consistency=local HTTP/1.1\r\nhost: localhost\r\n\r\n',
    'GET /v1/kv?prefix=a&limit=5&after=b HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
    'PUT /v1/kv/k%2F?prevRevision=0 HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n\r\nabc',
    'PUT /v1/kv/k HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    'POST /v1/txn HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 55\r\n\r\n{"compare":[{"key":"a","version":0}],"success":[],"failure":[]}',
    'GET /v1/status HTTP/1.1\r\nhost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n',
    'PUT /v1/kv/k HTTP/1.1\r\nhost: localhost\r\nif-match: "5"\r\nif-none-match: *, W/"6"\r\ncontent-length: 3\r\n\r\nabc',
    'GET /v1/kv/k HTTP/1.1\r\nhost: localhost\r\nif-none-match: "5", W/"6"\r\nrange: bytes=0-1\r\n\r\n',
    'DELETE /v1/kv/k HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n\r\n',
  ].map((text) => Buffer.from(text))
  let sent = 0
  await fc.assert(
    fc.asyncProperty(fc.array(mutations(valid), { minLength: 20, maxLength: 20 }), async (many) => {
      const answers = await Promise.all(many.map((bytes) => exchange(cluster.addresses[sent++ % 3] ?? '', bytes)))
      for (const answer of answers) expect(answer.toString('latin1')).not.toContain('HTTP/1.1 500')
    }),
    { numRuns: 250 * TIMES },
  )
  await expectWell(cluster)
})

test(
  'mutated and random frames of the client protocol, and handshakes: answered or refused, nothing crashes or hangs',
  PATIENCE,
  async () => {
    const cluster = await startInProcess(3, { requestTimeout: 2000 })
    const frame = (kind: number, body: Uint8Array) => {
      const encoder = new FrameEncoder()
      for (let id = 1; id <= 3; id++) {
        const at = encoder.reserve(13 + body.length)
        const view = new DataView(encoder.slab.buffer, encoder.slab.byteOffset)
        view.setUint32(at, id, true)
        view.setUint8(at + 4, kind)
        view.setUint32(at + 5, 100, true)
        view.setUint32(at + 9, body.length, true)
        encoder.slab.set(body, at + 13)
      }
      return Buffer.concat([encodeClientPreamble(), encoder.take() ?? new Uint8Array(0)])
    }
    const key = Buffer.from('k')
    const valid = [
      frame(RequestKind.Write, encodePut(key, Buffer.from('value'))),
      frame(RequestKind.Get, encodeGet(key, 'linearizable')),
      frame(RequestKind.Get, encodeGet(key, 'local')),
      frame(RequestKind.Status, new Uint8Array(0)),
      // How the handshake of a member begins.
      Buffer.from('16030100310100002d0303'.padEnd(108, '0'), 'hex'),
    ]
    let sent = 0
    await fc.assert(
      fc.asyncProperty(fc.array(mutations(valid), { minLength: 20, maxLength: 20 }), async (many) => {
        await Promise.all(many.map((bytes) => exchange(cluster.addresses[sent++ % 3] ?? '', bytes)))
      }),
      { numRuns: 250 * TIMES },
    )
    await expectWell(cluster)
  },
)
