import { request } from 'node:http'
import { MemoryLogStorage } from '@raft/core/memory'
import { expect, onTestFinished, test } from 'vitest'
import { type CreateNodeOptions, createNode, nodeClock, StartError } from '../src/index.js'
import { onePair, startInProcess } from './cluster.js'
import { Peer } from './port.js'

const PUT = '{"success":[{"type":"put","key":"k","value":"v"}]}'
const JSON_TYPE = { 'content-type': 'application/json' }

interface Answer {
  readonly status: number
  readonly code: string | undefined
  readonly message: string
}

/** One member, and a way to ask it with any header fields, as a browser or a proxy would. */
async function start(options: Partial<CreateNodeOptions> = {}) {
  const cluster = await startInProcess(1, options)
  const [address = ''] = cluster.addresses
  const url = `http://${address}`
  const ask = (method: string, path: string, headers: Record<string, string>, body?: string) =>
    new Promise<Answer>((resolve, reject) => {
      const sent = request(`${url}${path}`, { method, headers, agent: false }, (response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () => {
          const isError = (response.statusCode ?? 0) >= 400
          const { code, message = '' } = isError ? JSON.parse(text).error : {}
          resolve({ status: response.statusCode ?? 0, code, message })
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  return { cluster, address, ask, port: Number(address.split(':')[1]), store: cluster.leader().store }
}

test('a transaction is taken as application/json only: what a page can send unasked is refused', async () => {
  const { ask, store } = await start()
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx', ''])
    expect(await ask('POST', '/v1/txn', { 'content-type': type }, PUT)).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' })
  expect(await ask('POST', '/v1/txn', {}, PUT)).toMatchObject({ status: 415, message: expect.stringContaining('none is given') })
  expect(store.size).toBe(0)
  for (const type of ['application/json', 'Application/JSON; charset=utf-8'])
    expect((await ask('POST', '/v1/txn', { 'content-type': type }, PUT)).status).toBe(200)
})

test('a page of another origin is refused, whatever it asks, and one of the same origin is not', async () => {
  const { ask, address, store } = await start()
  for (const origin of ['http://evil.example', 'null', 'https://localhost', 'http://127.0.0.1:1', `file://${address}`, 'http://', '']) {
    for (const [method, path, body] of [
      ['PUT', '/v1/kv/k', 'v'],
      ['DELETE', '/v1/kv/k'],
      ['POST', '/v1/txn', PUT],
      ['GET', '/v1/kv/k'],
      ['GET', '/v1/status'],
      ['GET', '/nothing'],
    ] as const) {
      const answer = await ask(method, path, { origin, ...JSON_TYPE }, body)
      expect([origin, method, answer.status, answer.code]).toEqual([origin, method, 403, 'ORIGIN_NOT_ALLOWED'])
    }
  }
  expect(store.size).toBe(0)
  for (const [host, origin] of [
    [address, `http://${address}`],
    ['localhost', 'https://localhost'],
    ['localhost:443', 'https://localhost'],
    ['localhost:80', 'http://LOCALHOST'],
  ] as const)
    expect([host, (await ask('PUT', '/v1/kv/k', { host, origin }, 'v')).status]).toEqual([host, 200])
})

test('a name that was made to stand for the address of a member is refused, and its own names and addresses are not', async () => {
  const { ask, address, port, store } = await start({ allowedHosts: ['Raft.example.com'] })
  for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example', '127.0.0.1.evil.example', 'x@localhost']) {
    for (const path of ['/v1/kv/k', '/v1/status', '/metrics']) {
      const answer = await ask('GET', path, { host })
      expect([host, path, answer.status, answer.code]).toEqual([host, path, 421, 'HOST_NOT_ALLOWED'])
    }
    expect((await ask('PUT', '/v1/kv/k', { host, origin: `http://${host}` }, 'v')).status).toBe(421)
    // Load balancers ask under any name.
    for (const path of ['/healthz', '/readyz']) expect((await ask('GET', path, { host })).status).toBe(200)
  }
  expect(store.size).toBe(0)
  for (const host of [
    address,
    `localhost:${port}`,
    'LOCALHOST',
    'a.localhost',
    '[::1]:80',
    '10.1.2.3',
    'raft.example.com:1',
    'raft.example.com.',
  ])
    expect([host, (await ask('GET', '/v1/status', { host })).status]).toEqual([host, 200])
})

test('who says no host is no browser, and the host in a target counts more than that of the field', async () => {
  const { port } = await start()
  const peer = await Peer.dial(port)
  peer.send('GET http://evil.example/v1/status HTTP/1.1\r\nhost: localhost\r\n\r\n')
  peer.send('GET /v1/status HTTP/1.0\r\n\r\n')
  await peer.over
  expect(peer.statuses).toEqual([421, 200])
})

test('the names of the client address and of the bind address are allowed, and any name with an asterisk', async () => {
  const { ask, cluster } = await start({ allowedHosts: ['*'] })
  expect((await ask('GET', '/v1/status', { host: 'evil.example' })).status).toBe(200)
  expect((await ask('GET', '/v1/status', { host: 'evil.example', origin: 'http://other.example' })).status).toBe(403)
  const options = { ...cluster.options('n1'), allowedHosts: [] }
  await expect(createNode({ ...options, allowedHosts: ['a:1'] })).rejects.toBeInstanceOf(StartError)
  const { peer, client } = await onePair()
  const members = { n1: { peer: `127.0.0.1:${peer}`, client: `member.test:${client}` } }
  const named = await createNode({ ...options, storage: new MemoryLogStorage(nodeClock), members, bind: { client: `127.0.0.1:${client}` } })
  onTestFinished(() => named.stop())
  const browser = await Peer.dial(client)
  browser.send(
    'GET /v1/status HTTP/1.1\r\nhost: Member.test\r\n\r\nGET /v1/status HTTP/1.1\r\nhost: other.test\r\nconnection: close\r\n\r\n',
  )
  await browser.over
  expect(browser.statuses).toEqual([200, 421])
})
