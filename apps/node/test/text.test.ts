import { MemoryLogStorage, MemoryNetwork } from '@raft/core/memory'
import { expect, test } from 'vitest'
import { loadConfig } from '../src/config/load.js'
import { resolveSecret } from '../src/config/secret.js'
import { createNode, KeyError, nodeClock, ValueError } from '../src/index.js'
import { SECRET, startInProcess } from './cluster.js'

/** No UTF-8 stands for these: encoded, all of them are U+FFFD. */
const HIGH = '\ud800'
const LOW = '\udc00'
const EARTH = '\ud83c\udf0d'

test('strings with lone surrogates are refused as keys and values of an embedded member, and pairs are taken', async () => {
  const cluster = await startInProcess(1)
  const node = cluster.leader()
  for (const text of [HIGH, LOW, `a${HIGH}`, `${LOW}${HIGH}`]) {
    for (const call of [
      () => node.put(text, 'v'),
      () => node.get(text),
      () => node.get(text, { consistency: 'local' }),
      () => node.delete(text),
      () => node.compareAndSet(text, 0, 'v'),
    ])
      await expect(call()).rejects.toBeInstanceOf(KeyError)
    for (const call of [() => node.put('k', text), () => node.compareAndSet('k', 0, text)])
      await expect(call()).rejects.toBeInstanceOf(ValueError)
  }
  await expect(node.put(HIGH, 'v')).rejects.toMatchObject({ code: 'RAFT_KEY', message: expect.stringContaining('"\\ud800"') })
  expect(node.store.size).toBe(0)
  await node.put(EARTH, EARTH)
  expect(await node.get(EARTH)).toBe(EARTH)
})

test('a transaction over HTTP is refused with 400 when its JSON has a lone surrogate, or is not UTF-8', async () => {
  const cluster = await startInProcess(1)
  const url = `${cluster.url(cluster.leader())}/v1/txn`
  const post = async (body: string | Uint8Array) => {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    return { status: response.status, text: await response.text() }
  }
  for (const body of [
    '{"success":[{"type":"put","key":"\\ud800","value":"v"}]}',
    '{"success":[{"type":"put","key":"k","value":"a\\udfff"}]}',
    '{"success":[{"type":"get","key":"\\ud800\\ud800"}]}',
    '{"failure":[{"type":"range","prefix":"\\ud800"}]}',
    '{"compare":[{"key":"k","value":"\\udc00\\ud800"}]}',
  ]) {
    const answer = await post(body)
    expect([body, answer.status]).toEqual([body, 400])
    expect(answer.text).toMatch(/lone surrogates.*found .*\\\\ud/)
  }
  const invalid = Buffer.from('{"success":[{"type":"put","key":"?","value":"v"}]}')
  invalid[invalid.indexOf('?')] = 0xff
  expect(await post(invalid)).toMatchObject({ status: 400, text: expect.stringContaining('not UTF-8') })
  expect(cluster.leader().store.size).toBe(0)
  expect((await post('{"success":[{"type":"put","key":"\\ud83c\\udf0d","value":"v"}]}')).status).toBe(200)
  expect(await cluster.leader().get(EARTH)).toBe('v')
})

test('keys in a path are bytes: what is not UTF-8 stays apart', async () => {
  const cluster = await startInProcess(1)
  const url = `${cluster.url(cluster.leader())}/v1/kv`
  for (const [i, key] of ['%ED%A0%80', '%ED%A0%81', '%EF%BF%BD', '%FF'].entries()) {
    expect((await fetch(`${url}/${key}`, { method: 'PUT', body: String(i) })).status).toBe(200)
  }
  for (const [i, key] of ['%ED%A0%80', '%ED%A0%81', '%EF%BF%BD', '%FF'].entries()) {
    expect(await (await fetch(`${url}/${key}?raw`)).text()).toBe(String(i))
  }
})

test('member ids and cluster ids with lone surrogates are refused, whatever transport and storage are used', async () => {
  const start = (id: string, clusterId: string) =>
    createNode({
      id,
      clusterId,
      members: { [id]: { peer: 'a' } },
      storage: new MemoryLogStorage(nodeClock),
      transport: new MemoryNetwork(nodeClock).transport(id),
    })
  await expect(start(HIGH, 'c')).rejects.toMatchObject({ code: 'RAFT_CONFIGURATION', message: expect.stringContaining('"\\ud800"') })
  await expect(start('n1', `c${LOW}`)).rejects.toMatchObject({ code: 'RAFT_CONFIGURATION' })
  await expect(start('n1', 'c'.repeat(256))).rejects.toMatchObject({ code: 'RAFT_CONFIGURATION' })
})

test('secrets, member ids and the cluster id in cluster.json must be text', () => {
  const load = (file: object) =>
    loadConfig({ id: 'n1', config: 'cluster.json', dataDir: 'data' }, { env: {}, readFile: () => JSON.stringify(file) })
  const address = { peer: '127.0.0.1:7001', client: '127.0.0.1:8001' }
  const members = { n1: address }
  expect(() => load({ secret: SECRET, members })).not.toThrow()
  expect(() => load({ secret: `${SECRET}${HIGH}`, members })).toThrow(/secret: expected text without lone surrogates/)
  expect(() => load({ secret: SECRET, clusterId: LOW, members })).toThrow(/clusterId: expected text without lone surrogates/)
  expect(() => load({ secret: SECRET, members: { ...members, [HIGH]: { peer: '127.0.0.1:7002', client: '127.0.0.1:8002' } } })).toThrow(
    /members: expected a member id .*found "\\ud800"/,
  )
})

test('a secret whose bytes are not UTF-8 is refused, for all such bytes would count as the same', () => {
  const env = { SECRET: Buffer.from([...Buffer.from('sixteen bytes or more'), 0xff]).toString() }
  const result = resolveSecret({ env: 'SECRET' }, { env, readFile: () => '' })
  expect(result).toMatchObject({ problem: expect.stringContaining('not UTF-8') })
})
