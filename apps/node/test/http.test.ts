import { expect, test } from 'vitest'
import { VERSION } from '../src/version.js'
import { startInProcess } from './cluster.js'

async function call(url: string, method = 'GET', body?: string | Uint8Array) {
  const headers: Record<string, string> = method === 'POST' ? { 'content-type': 'application/json' } : {}
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) as Record<string, unknown> }
}

const transaction = (compare: object[], success: object[], failure: object[]) => JSON.stringify({ compare, success, failure })

test('every member serves every request: what one wrote, all read', async () => {
  const cluster = await startInProcess()
  for (const [i, node] of cluster.nodes.entries()) {
    const put = await call(`${cluster.url(node)}/v1/kv/k${i}`, 'PUT', `value ${i}`)
    expect(put.status).toBe(200)
    expect(put.json()).toEqual({ key: `k${i}`, revision: i + 1, createRevision: i + 1, modRevision: i + 1, version: 1 })
    expect(put.headers.get('raft-revision')).toBe(String(i + 1))
    for (const other of cluster.nodes) {
      const got = await call(`${cluster.url(other)}/v1/kv/k${i}`)
      expect([got.status, got.json()]).toEqual([
        200,
        { key: `k${i}`, value: `value ${i}`, createRevision: i + 1, modRevision: i + 1, version: 1 },
      ])
    }
  }
})

test('keys are percent-encoded bytes, values any bytes; what is not UTF-8 comes as base64, or bare with ?raw', async () => {
  const cluster = await startInProcess()
  const url = cluster.url(cluster.leader())
  const bytes = Uint8Array.of(0xff, 0, 0x80)
  expect((await call(`${url}/v1/kv/a%2Fb%20%C3%A4%FF`, 'PUT', bytes)).status).toBe(200)
  const got = await call(`${url}/v1/kv/a%2Fb%20%C3%A4%FF`)
  expect(got.json()).toMatchObject({
    key: { base64: Buffer.from([...Buffer.from('a/b ä'), 0xff]).toString('base64') },
    value: { base64: Buffer.from(bytes).toString('base64') },
  })
  const raw = await fetch(`${url}/v1/kv/a%2Fb%20%C3%A4%FF?raw`)
  expect(new Uint8Array(await raw.arrayBuffer())).toEqual(bytes)
  expect(raw.headers.get('raft-mod-revision')).toBe('1')
  expect((await call(`${url}/v1/kv/empty`, 'PUT', '')).status).toBe(200)
  expect((await call(`${url}/v1/kv/empty`)).json()).toMatchObject({ value: '' })
})

test('prefix and after are percent-encoded bytes too', async () => {
  const cluster = await startInProcess()
  for (const node of cluster.nodes) {
    const url = cluster.url(node)
    for (const key of ['%ff1', '%ff2', '%ff%20+3', 'other']) expect((await call(`${url}/v1/kv/${key}`, 'PUT', 'v')).status).toBe(200)
    const names = async (query: string) => {
      const { entries } = (await call(`${url}/v1/kv?${query}`)).json() as { entries: { key: { base64: string } }[] }
      return entries.map(({ key }) => Buffer.from(key.base64, 'base64').toString('latin1'))
    }
    expect(await names('prefix=%ff')).toEqual(['\u00ff +3', '\u00ff1', '\u00ff2'])
    expect(await names('limit=9&prefix=%ff&after=%ff1')).toEqual(['\u00ff2'])
    expect(await names('prefix=%ff%20%2B')).toEqual(['\u00ff +3'])
    expect(await names('prefix=%ff+%2b')).toEqual(['\u00ff +3'])
    expect((await call(`${url}/v1/kv?prefix=%f`)).status).toBe(400)
  }
})

test('prevRevision on PUT and DELETE: 409 with the current revision, and nothing changed', async () => {
  const cluster = await startInProcess()
  for (const url of [cluster.url(cluster.leader()), cluster.url(cluster.followers()[0] ?? cluster.leader())]) {
    await call(`${url}/v1/kv/k`, 'DELETE')
    const created = await call(`${url}/v1/kv/k?prevRevision=0`, 'PUT', 'one')
    expect(created.status).toBe(200)
    const { modRevision } = created.json()
    const again = await call(`${url}/v1/kv/k?prevRevision=0`, 'PUT', 'two')
    expect(again.status).toBe(409)
    expect(again.json()).toMatchObject({ error: { code: 'REVISION_MISMATCH' }, modRevision })
    const swapped = await call(`${url}/v1/kv/k?prevRevision=${modRevision}`, 'PUT', 'two')
    expect([swapped.status, swapped.json()['version']]).toEqual([200, 2])
    expect((await call(`${url}/v1/kv/k?prevRevision=${modRevision}`, 'DELETE')).status).toBe(409)
    expect((await call(`${url}/v1/kv/k`)).json()).toMatchObject({ value: 'two' })
    expect((await call(`${url}/v1/kv/k?prevRevision=${swapped.json()['modRevision']}`, 'DELETE')).status).toBe(200)
    expect((await call(`${url}/v1/kv/k`)).status).toBe(404)
    expect((await call(`${url}/v1/kv/k?prevRevision=7`, 'PUT', 'x')).json()).toMatchObject({ modRevision: 0 })
  }
})

test('a range goes by prefix, limit and after, on every member alike', async () => {
  const cluster = await startInProcess()
  const url = cluster.url(cluster.leader())
  for (const key of ['a', 'b1', 'b2', 'b3', 'c']) await call(`${url}/v1/kv/${key}`, 'PUT', key)
  for (const node of cluster.nodes) {
    const first = (await call(`${cluster.url(node)}/v1/kv?prefix=b&limit=2`)).json()
    expect(first).toMatchObject({ revision: 5, more: true, next: 'b2', entries: [{ key: 'b1', value: 'b1' }, { key: 'b2' }] })
    const rest = (await call(`${cluster.url(node)}/v1/kv?prefix=b&after=b2`)).json()
    expect(rest).toMatchObject({ more: false, next: null, entries: [{ key: 'b3' }] })
  }
})

test('a transaction compares, then does one thing or the other', async () => {
  const cluster = await startInProcess()
  for (const [i, node] of cluster.nodes.entries()) {
    const url = `${cluster.url(node)}/v1/txn`
    const body = transaction(
      [{ key: `k${i}`, version: 0 }],
      [
        { type: 'put', key: `k${i}`, value: { base64: '/w==' } },
        { type: 'get', key: `k${i}` },
        { type: 'range', prefix: `k${i}` },
      ],
      [
        { type: 'get', key: `k${i}` },
        { type: 'delete', key: `k${i}` },
      ],
    )
    const first = await call(url, 'POST', body)
    expect(first.json()).toMatchObject({
      succeeded: true,
      results: [
        { type: 'put', version: 1 },
        { type: 'get', entry: { value: { base64: '/w==' } } },
        { type: 'range', more: false, entries: [{ key: `k${i}` }] },
      ],
    })
    const second = await call(url, 'POST', body)
    expect(second.json()).toMatchObject({
      succeeded: false,
      results: [
        { type: 'get', entry: { key: `k${i}` } },
        { type: 'delete', deleted: true },
      ],
    })
    const none = transaction([{ key: 'k', relation: 'greater', version: 0 }], [{ type: 'get', key: 'k' }], [])
    expect((await call(url, 'POST', none)).json()).toMatchObject({ succeeded: false, results: [] })
  }
})

test('a bad request is answered with the status that fits, and an error with code and message', async () => {
  const cluster = await startInProcess(3, { maxValueBytes: 1000 })
  for (const url of cluster.nodes.map((node) => cluster.url(node))) {
    const cases: [string, string, number, string?][] = [
      ['GET', '/v1/kv/missing', 404],
      ['DELETE', '/v1/kv/missing', 404],
      ['GET', '/nothing', 404],
      ['GET', '/v1/kv/', 400],
      ['GET', '/v1/kv/a/b', 400],
      ['GET', '/v1/kv/%zz', 400],
      ['GET', '/v1/kv/a%2', 400],
      ['GET', '/v1/kv/a?consistency=strong', 400],
      ['GET', '/v1/kv/a?unknown=1', 400],
      ['GET', '/v1/kv/a?raw&raw', 400],
      ['GET', `/v1/kv/${'k'.repeat(65_536)}`, 400],
      ['PUT', '/v1/kv/a?prevRevision=-1', 400, 'v'],
      ['PUT', '/v1/kv/a?prevRevision=99999999999999999', 400, 'v'],
      ['DELETE', '/v1/kv/a?prevRevision=0', 400],
      ['PUT', '/v1/kv/a', 413, 'x'.repeat(1001)],
      ['POST', '/v1/kv/a', 405, 'v'],
      ['PUT', '/v1/kv', 405, 'v'],
      ['GET', '/v1/txn', 405],
      ['POST', '/v1/txn', 400, 'no JSON'],
      ['POST', '/v1/txn', 400, '{"success":[{"type":"put","key":"a"}]}'],
      ['POST', '/v1/txn', 400, '{"success":[{"type":"get","key":""}]}'],
      ['POST', '/v1/txn', 400, '{"compare":[{"key":"a","version":1,"modRevision":2}]}'],
      ['POST', '/v1/txn', 400, '{"unknown":[]}'],
      ['POST', '/v1/txn', 400, `{"success":${'['.repeat(60_000)}`],
      ['POST', '/v1/txn', 400, `{"success":${'[{"put":'.repeat(40)}1${'}]'.repeat(40)}}`],
    ]
    for (const [method, path, status, body] of cases) {
      const answer = await call(`${url}${path}`, method, body)
      expect([method, path.slice(0, 40), answer.status]).toEqual([method, path.slice(0, 40), status])
      const { error } = answer.json() as { error: { code: string; message: string } }
      expect(error.code).toMatch(/^[A-Z_]+$/)
      expect(error.message.length).toBeGreaterThan(5)
    }
    expect((await call(`${url}/v1/kv`, 'PUT', 'v')).headers.get('allow')).toBe('GET, HEAD')
  }
  expect(cluster.leader().store.size).toBe(0)
})

test('GET / tells what there is, and every answer in JSON ends with a line break', async () => {
  const cluster = await startInProcess(1)
  const url = cluster.url(cluster.leader())
  const overview = await call(`${url}/`)
  expect([overview.status, overview.json()['raft']]).toEqual([200, VERSION])
  const { paths } = overview.json() as { paths: object }
  for (const name of Object.keys(paths)) {
    const [method = '', path = ''] = name.split(' ')
    expect([name, (await call(`${url}${path.replace('<key>', 'k')}`, method, method === 'PUT' ? 'v' : undefined)).status < 404]).toEqual([
      name,
      method !== 'GET' || path !== '/v1/kv/<key>',
    ])
  }
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/v1/status'],
    ['PUT', '/v1/kv/k'],
    ['GET', '/v1/kv/k'],
    ['GET', '/nothing'],
    ['GET', '/readyz'],
  ] as const)
    expect((await call(`${url}${path}`, method, method === 'PUT' ? 'v' : undefined)).text).toMatch(/\}\n$/)
})

test('status, health, readiness and metrics say how the member is', async () => {
  const cluster = await startInProcess()
  const url = cluster.url(cluster.leader())
  await call(`${url}/v1/kv/k`, 'PUT', 'v')
  const status = (await call(`${url}/v1/status?digest`)).json()
  expect(status).toMatchObject({ id: cluster.leader().id, role: 'leader', leaderId: cluster.leader().id, revision: 1, keys: 1 })
  expect(status).toMatchObject({ version: VERSION, storage: 'custom', diskBytes: null })
  expect(status['digest']).toBe(cluster.leader().store.digest())
  expect((await call(`${url}/healthz`)).status).toBe(200)
  expect((await call(`${url}/readyz`)).status).toBe(200)
  const metrics = (await call(`${url}/metrics`)).text
  for (const name of [
    'raft_role{role="leader"} 1',
    'raft_term',
    'raft_commit_index',
    'raft_applied_index',
    'raft_leader_changes_total',
    'raft_proposals_total{outcome="succeeded"} 1',
    'raft_propose_seconds_bucket',
    'raft_apply_seconds_count',
    'raft_log_write_seconds_count',
    'raft_transport_events_total{event="datagramsSent"}',
    'nodejs_eventloop_lag_seconds',
    'process_resident_memory_bytes',
  ])
    expect(metrics).toContain(name)
})

test('with no leader in time: 503 with Retry-After, not ready, and a local read all the same', async () => {
  const cluster = await startInProcess(3, { requestTimeout: 300 }, 1)
  const url = cluster.url(cluster.nodes[0] as (typeof cluster.nodes)[number])
  for (const [method, path, body] of [
    ['PUT', '/v1/kv/k', 'v'],
    ['GET', '/v1/kv/k'],
    ['GET', '/v1/kv?prefix=k'],
    ['POST', '/v1/txn', '{"success":[{"type":"put","key":"k","value":"v"}]}'],
  ] as const) {
    const answer = await call(`${url}${path}`, method, body)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    expect(answer.json()).toMatchObject({ error: { code: 'RAFT_NO_LEADER' } })
  }
  expect((await call(`${url}/readyz`)).status).toBe(503)
  expect((await call(`${url}/healthz`)).status).toBe(200)
  expect((await call(`${url}/v1/kv/k?consistency=local`)).status).toBe(404)
})

test('a request that waits for a leader is served as soon as there is one', async () => {
  const cluster = await startInProcess(3, { requestTimeout: 10_000 }, 1)
  const [first] = cluster.nodes
  if (first === undefined) throw new Error('no node')
  const waiting = call(`${cluster.url(first)}/v1/kv/k`, 'PUT', 'v')
  const { createNode } = await import('../src/index.js')
  const second = await createNode(cluster.options('n2'))
  try {
    expect((await waiting).status).toBe(200)
  } finally {
    await second.stop()
  }
})

test('pipelined and fragmented HTTP on one connection is answered in order', async () => {
  const cluster = await startInProcess()
  const { connect } = await import('node:net')
  const [host, port] = (cluster.addresses[0] ?? '').split(':')
  const socket = connect({ host: host ?? '', port: Number(port), noDelay: true })
  const requests = Array.from(
    { length: 50 },
    (_, i) => `PUT /v1/kv/p${i} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n${10 + i}`,
  ).join('')
  let received = ''
  const done = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      received += chunk.toString()
      if (received.split('HTTP/1.1 200').length === 51) resolve()
    })
  })
  for (let at = 0; at < requests.length; at += 17) socket.write(requests.slice(at, at + 17))
  await done
  socket.destroy()
  expect([...received.matchAll(/"key":"p(\d+)"/g)].map((match) => Number(match[1]))).toEqual(Array.from({ length: 50 }, (_, i) => i))
})

test('pipelined requests for large values, and nobody who reads the answers: the member stays small and serves others', async () => {
  const cluster = await startInProcess()
  const leader = cluster.leader()
  await leader.put('large', '\0'.repeat(512 * 1024))
  const { connect } = await import('node:net')
  const [host, port] = (cluster.addresses[cluster.nodes.indexOf(leader)] ?? '').split(':')
  const socket = connect({ host: host ?? '', port: Number(port) })
  socket.on('error', () => {})
  socket.pause()
  const before = process.memoryUsage().rss
  // 1 GB of answers, if all of them were made.
  socket.write('GET /v1/kv/large?consistency=local HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(2000))
  for (let i = 0; i < 20; i++) expect((await call(`${cluster.url(leader)}/v1/kv/small${i}`, 'PUT', 'v')).status).toBe(200)
  expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024)
  socket.destroy()
})
