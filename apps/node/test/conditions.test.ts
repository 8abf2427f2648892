import { request } from 'node:http'
import { expect, test } from 'vitest'
import { startInProcess } from './cluster.js'
import { Peer } from './port.js'

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  readonly code: string | undefined
}

/** With header fields that `fetch` would not send. */
function call(url: string, method: string, headers: Readonly<Record<string, string | string[]>> = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const code =
          response.statusCode !== undefined && response.statusCode >= 400 && text !== '' ? JSON.parse(text).error.code : undefined
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, code })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Of a cluster whose leader serves, and whose follower forwards. */
async function start() {
  const cluster = await startInProcess()
  const [follower] = cluster.followers()
  if (follower === undefined) throw new Error('no follower')
  return { cluster, urls: [cluster.leader(), follower].map((node) => `${cluster.url(node)}/v1/kv/k`) }
}

test('If-Match on a write: it takes effect only at that revision, and 412 tells the one that is current', async () => {
  const { urls } = await start()
  for (const url of urls) {
    await call(url, 'DELETE')
    expect(await call(url, 'PUT', { 'if-match': '"1"' }, 'x')).toMatchObject({ status: 412, code: 'PRECONDITION_FAILED' })
    expect(await call(url, 'PUT', { 'if-match': '*' }, 'x')).toMatchObject({ status: 412 })
    expect((await call(url, 'DELETE', { 'if-match': '*' })).status).toBe(412)
    await call(url, 'PUT', {}, 'one')
    const { headers } = await call(url, 'GET')
    const etag = String(headers['etag'])
    expect(etag).toBe(`"${JSON.parse((await call(url, 'GET')).text).modRevision}"`)
    expect((await call(url, 'PUT', { 'if-match': etag }, 'two')).status).toBe(200)
    const stale = await call(url, 'PUT', { 'if-match': etag }, 'three')
    const current = JSON.parse((await call(url, 'GET')).text)
    expect([stale.status, JSON.parse(stale.text).modRevision, stale.headers['etag']]).toEqual([
      412,
      current.modRevision,
      `"${current.modRevision}"`,
    ])
    expect((await call(url, 'DELETE', { 'if-match': etag })).status).toBe(412)
    expect(current.value).toBe('two')
    expect((await call(url, 'PUT', { 'if-match': '*' }, 'three')).status).toBe(200)
    expect((await call(url, 'DELETE', { 'if-match': String((await call(url, 'GET')).headers['etag']) })).status).toBe(200)
  }
})

test('If-None-Match on a write: * asks that the key does not exist, and a tag that the key is at another revision', async () => {
  const { urls } = await start()
  for (const url of urls) {
    await call(url, 'DELETE')
    expect((await call(url, 'PUT', { 'if-none-match': '*' }, 'one')).status).toBe(200)
    expect(await call(url, 'PUT', { 'if-none-match': '*' }, 'two')).toMatchObject({ status: 412, code: 'PRECONDITION_FAILED' })
    const etag = String((await call(url, 'GET')).headers['etag'])
    for (const tag of [etag, `W/${etag}`, `"7777777", ${etag}`, ['"x"', etag]]) {
      expect((await call(url, 'PUT', { 'if-none-match': tag }, 'two')).status).toBe(412)
    }
    expect((await call(`${url}?raw`, 'GET')).text).toBe('one')
    expect((await call(url, 'PUT', { 'if-none-match': '"7777777", "foreign"' }, 'two')).status).toBe(200)
  }
})

test('a read with conditions: 304 when the client has what is current, 412 when the key has changed', async () => {
  const { urls } = await start()
  for (const url of urls) {
    await call(url, 'PUT', {}, 'one')
    for (const path of [url, `${url}?raw`, `${url}?consistency=linearizable`]) {
      const { etag } = (await call(path, 'GET')).headers as { etag: string }
      for (const tag of [etag, `W/${etag}`, `"1x",${etag} , "2"`, '*']) {
        const answer = await call(path, 'GET', { 'if-none-match': tag })
        expect([answer.status, answer.text, answer.headers['etag']]).toEqual([304, '', etag])
        expect(answer.headers['raft-revision']).toMatch(/^\d+$/)
      }
      expect((await call(path, 'HEAD', { 'if-none-match': etag })).status).toBe(304)
      expect((await call(path, 'GET', { 'if-none-match': '"7777777"' })).status).toBe(200)
      expect((await call(path, 'GET', { 'if-match': etag })).status).toBe(200)
      expect((await call(path, 'GET', { 'if-match': `"1x", ${etag}` })).status).toBe(200)
      // A weak tag is equal to none here.
      for (const tag of ['"7777777"', `W/${etag}`]) expect((await call(path, 'GET', { 'if-match': tag })).status).toBe(412)
    }
    const missing = url.replace(/k$/, 'missing')
    expect((await call(missing, 'GET', { 'if-none-match': '*' })).status).toBe(404)
    expect((await call(missing, 'GET', { 'if-match': '"1"' })).status).toBe(404)
  }
})

test('conditions that cannot be read, or that contradict another, are refused, and nothing is written', async () => {
  const { cluster, urls } = await start()
  const tags = Array.from({ length: 17 }, (_, i) => `"${i}"`).join()
  for (const url of urls) {
    for (const headers of [
      { 'if-match': '5' },
      { 'if-match': '"5' },
      { 'if-match': '' },
      { 'if-match': '"1", "2"' },
      { 'if-match': 'W/"5"' },
      { 'if-match': '"abc"' },
      { 'if-match': '"0"' },
      { 'if-match': '"05"' },
      { 'if-match': '"99999999999999999"' },
      { 'if-none-match': '*, "5"' },
      { 'if-none-match': 'x' },
      { 'if-none-match': tags },
    ] as Record<string, string>[]) {
      expect([headers, (await call(url, 'PUT', headers, 'x')).status]).toEqual([headers, 400])
      expect((await call(url, 'DELETE', headers)).status).toBe(400)
    }
    expect((await call(`${url}?prevRevision=0`, 'PUT', { 'if-none-match': '*' }, 'x')).status).toBe(400)
    expect((await call(`${url}?prevRevison=0`, 'PUT', {}, 'x')).text).toMatch(
      /no parameter \\"prevRevison\\" here: prevRevision may be given/,
    )
    expect((await call(`${url}?prevRevision=1&prevRevision=2`, 'PUT', {}, 'x')).status).toBe(400)
    expect((await call(`${url}?prevRevision=`, 'PUT', {}, 'x')).status).toBe(400)
    expect((await call(url, 'DELETE', { 'content-length': '18' }, '{"prevRevision":5}')).status).toBe(400)
    expect((await call(`${url}?raw=no`, 'GET')).status).toBe(400)
  }
  expect(cluster.leader().store.size).toBe(0)
})

test('entity tags are of keys: elsewhere they are refused', async () => {
  const { urls } = await start()
  for (const url of urls) {
    for (const path of ['/v1/kv?prefix=k', '/v1/status', '/healthz', '/metrics']) {
      for (const name of ['if-match', 'if-none-match'])
        expect((await call(new URL(path, url).href, 'GET', { [name]: '*' })).status).toBe(400)
    }
    const put = '{"success":[{"type":"put","key":"k","value":"v"}]}'
    const headers = { 'content-type': 'application/json', 'if-none-match': '*' }
    expect((await call(new URL('/v1/txn', url).href, 'POST', headers, put)).status).toBe(400)
    expect((await call(url, 'GET')).status).toBe(404)
  }
})

test('what would change the meaning of a write and cannot be carried out is refused by the status that fits', async () => {
  const { cluster, urls } = await start()
  for (const url of urls) {
    for (const [headers, status, code] of [
      [{ 'content-encoding': 'gzip' }, 415, 'UNSUPPORTED_CONTENT_ENCODING'],
      [{ 'content-encoding': 'identity, br' }, 415, 'UNSUPPORTED_CONTENT_ENCODING'],
      [{ 'transfer-encoding': 'gzip, chunked' }, 501, 'NOT_IMPLEMENTED'],
      [{ 'content-range': 'bytes 0-0/5' }, 400, 'BAD_REQUEST'],
      [{ range: 'bytes=0-0' }, 400, 'BAD_REQUEST'],
      [{ 'if-range': '"5"' }, 400, 'BAD_REQUEST'],
      [{ 'if-unmodified-since': 'Sat, 29 Oct 1994 19:43:31 GMT' }, 400, 'BAD_REQUEST'],
      [{ 'if-modified-since': 'Sat, 29 Oct 1994 19:43:31 GMT' }, 400, 'BAD_REQUEST'],
      [{ if: '(<opaquelocktoken:x>)' }, 400, 'BAD_REQUEST'],
      [{ 'x-http-method-override': 'DELETE' }, 400, 'BAD_REQUEST'],
      [{ 'x-http-method': 'DELETE' }, 400, 'BAD_REQUEST'],
      [{ 'x-method-override': 'DELETE' }, 400, 'BAD_REQUEST'],
    ] as [Record<string, string>, number, string][]) {
      expect([headers, await call(url, 'PUT', headers, 'x')]).toEqual([headers, expect.objectContaining({ status, code })])
      const transaction = '{"success":[{"type":"put","key":"k","value":"v"}]}'
      expect(await call(new URL('/v1/txn', url).href, 'POST', headers, transaction)).toMatchObject({ status, code })
    }
    expect((await call(url, 'PUT', { 'content-encoding': 'gzip' }, 'x')).headers['accept-encoding']).toBe('identity')
    expect((await call(url, 'GET', { 'x-http-method-override': 'PUT' })).status).toBe(400)
  }
  expect(cluster.leader().store.size).toBe(0)
  for (const url of urls) {
    expect((await call(url, 'PUT', { 'content-encoding': 'identity', 'transfer-encoding': 'Chunked' }, 'x')).status).toBe(200)
    // Of a read the whole may be answered, and is.
    const reads = { range: 'bytes=0-0', 'if-modified-since': 'Sat, 29 Oct 1994 19:43:31 GMT', accept: 'text/html', te: 'trailers' }
    expect(await call(`${url}?raw`, 'GET', reads)).toMatchObject({ status: 200, text: 'x' })
  }
})

test('expectations and transfer codings that are not known are refused in their turn, and the connection says what follows', async () => {
  const { cluster, urls } = await start()
  const port = Number(new URL(urls[0] ?? '').port)
  const put = (headers: string) => `PUT /v1/kv/k HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n\r\n`
  const peer = await Peer.dial(port)
  const get = 'GET /v1/kv/k?raw HTTP/1.1\r\nhost: localhost\r\n\r\n'
  peer.send(`${put('content-length: 3')}one${put('expect: wonders\r\ncontent-length: 3')}two${get}`)
  await peer.until(() => peer.statuses.length >= 2)
  expect(peer.statuses.slice(0, 2)).toEqual([200, 417])
  expect(peer.received).toContain('EXPECTATION_FAILED')
  for (const expectation of ['100-continue, wonders', '"100-continue"']) {
    const other = await Peer.dial(port)
    other.send(put(`expect: ${expectation}\r\nconnection: close\r\ncontent-length: 3`))
    await other.over
    expect(other.statuses).toEqual([417])
  }
  const last = await Peer.dial(port)
  last.send(`${put('transfer-encoding: gzip')}3\r\ntwo\r\n0\r\n\r\n`)
  await last.over
  expect(last.statuses).toEqual([501])
  expect(await cluster.leader().get('k')).toBe('one')
})
