import type { RequestListener } from 'node:http'
import { expect, test } from 'vitest'
import { startInProcess } from './cluster.js'
import { put, settle } from './http-by-hand.js'
import { Peer, startPort } from './port.js'

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`
const remove = (path: string) => `DELETE ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`
const store = (path: string, value: string) => put(path, `content-length: ${value.length}`, value)

/** Holds every request until the test answers it by name. */
function holding() {
  const held = new Map<string, () => void>()
  const onRequest: RequestListener = (request, response) => {
    if (request.url === '/') response.end()
    else held.set(`${request.method} ${request.url}`, () => response.end(request.url))
  }
  return { held, onRequest }
}

test('nothing begins behind an unfinished request that may change something, and reads overlap with each other', async () => {
  const { held, onRequest } = holding()
  const { dial } = await startPort({ onRequest })
  const peer = await dial()
  peer.send(store('/1', 'a') + store('/2', 'b') + get('/3') + get('/4') + remove('/5') + get('/6'))

  const answer = async (name: string) => {
    held.get(name)?.()

    await settle(dial)
  }
  await settle(dial)
  expect([...held.keys()]).toEqual(['PUT /1'])
  await answer('PUT /1')
  expect([...held.keys()].slice(1)).toEqual(['PUT /2'])
  await answer('PUT /2')
  expect([...held.keys()].slice(2)).toEqual(['GET /3', 'GET /4'])
  await answer('GET /4')
  expect(held.size).toBe(4)
  await answer('GET /3')
  expect([...held.keys()].slice(4)).toEqual(['DELETE /5'])
  await answer('DELETE /5')
  await answer('GET /6')
  await peer.until(() => peer.received.endsWith('/6'))
  expect(peer.received.match(/\/\d(?=HTTP|$)/g)).toEqual(['/1', '/2', '/3', '/4', '/5', '/6'])
})

test('requests of other connections do not wait for each other', async () => {
  const { held, onRequest } = holding()
  const { dial } = await startPort({ onRequest })
  const [one, two] = [await dial(), await dial()]
  one.send(store('/1', 'a') + store('/2', 'b'))
  two.send(store('/3', 'c'))
  await settle(dial)
  expect([...held.keys()].sort()).toEqual(['PUT /1', 'PUT /3'])
})

test('pipelined requests take effect in the order in which they were sent, at every member', async () => {
  const cluster = await startInProcess()
  for (const node of cluster.nodes) {
    const [, port] = (cluster.addresses[cluster.nodes.indexOf(node)] ?? '').split(':')
    const peer = await Peer.dial(Number(port))
    const key = `/v1/kv/${node.id}`
    // A PUT waits for its body to be read, and a DELETE or a GET has none to wait for.
    peer.send(store(key, 'one') + store(key, 'two') + get(`${key}?raw`) + remove(key) + get(key) + store(key, 'three') + get(`${key}?raw`))
    await peer.until(() => peer.statuses.length === 7)
    await peer.until(() => peer.received.endsWith('three'))
    expect(peer.statuses).toEqual([200, 200, 200, 200, 404, 200, 200])
    expect(peer.received).toMatch(/\r\n\r\ntwoHTTP/)
  }
})
