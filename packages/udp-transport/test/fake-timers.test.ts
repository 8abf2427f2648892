import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { UdpTransport } from '../src/index.js'
import { append, KEY } from './support/cluster.js'

/* Tests of an application fake timers around a member, and take the fakes away again. */

const FAKED = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'queueMicrotask',
  'Date',
  'hrtime',
  'performance',
] as const

beforeEach(() => void vi.useFakeTimers({ toFake: [...FAKED] }))
afterEach(() => void vi.useRealTimers())

async function start(id: string, arrived: () => void = () => {}): Promise<UdpTransport> {
  const transport = new UdpTransport({ id, clusterId: 'fakes', bind: '127.0.0.1:0', secrets: [KEY] })
  transport.attach(0, { onMessage: arrived, onUnreachable: () => {} })
  await transport.start()
  return transport
}

test('transports that were made while timers were faked carry messages then, and when the fakes have gone', async () => {
  let count = 0
  let wake = () => {}
  const b = await start('b', () => {
    count += 1
    wake()
  })
  const a = await start('a')
  const members = [
    { id: 'a', addresses: { peer: `127.0.0.1:${a.local?.port}` } },
    { id: 'b', addresses: { peer: `127.0.0.1:${b.local?.port}` } },
  ]
  for (const transport of [a, b]) transport.setMembers(0, members)
  const arrive = async (wanted: number) => {
    while (count < wanted) await new Promise<void>((resolve) => (wake = resolve))
  }
  for (let i = 1; i <= 20; i++) a.send('b', append(i, 500_000))
  await arrive(20)
  for (let i = 21; i <= 40; i++) a.send('b', append(i, 500_000))
  vi.useRealTimers()
  await arrive(40)
  expect(count).toBe(40)
  await a.close()
  await b.close()
})
