import perfHooks from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test, vi } from 'vitest'
import { createNode } from '../src/index.js'
import { FailingStorage, onePair, SECRET, silentLogger } from './cluster.js'

const WARM = 20
const MEASURED = 60
/** A member leaves less behind than this, in bytes: what the compiler and caches keep varies by a few kB. */
const MOST_LEFT = 30 * 1024

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes that are alive, after sockets and streams that have ended are let go. */
async function aliveBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    collectGarbage()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function listeners(): Record<string, number> {
  return Object.fromEntries(process.eventNames().map((name) => [String(name), process.listenerCount(name)]))
}

test('members that come and go, fail to start, or die, leave nothing behind: no memory, timer, observer, socket or listener', async () => {
  const delays = vi.spyOn(perfHooks, 'monitorEventLoopDelay')
  const observed = vi.spyOn(perfHooks.PerformanceObserver.prototype, 'observe')
  const { peer, client } = await onePair()
  const members = { n1: { peer: `127.0.0.1:${peer}`, client: `127.0.0.1:${client}` } }
  const timing = { electionTimeout: 30, heartbeatInterval: 10 }
  const options = (storage = new FailingStorage()) => ({ id: 'n1', members, secret: SECRET, storage, logger: silentLogger, ...timing })
  const ask = async (path: string) => (await fetch(`http://127.0.0.1:${client}${path}`, { headers: { connection: 'close' } })).text()
  const cycle = async (dies: boolean) => {
    const storage = new FailingStorage()
    const node = await createNode(options(storage))
    await node.put('k', 'v')
    await ask('/v1/kv/k')
    expect(await ask('/metrics')).toContain('nodejs_eventloop_lag_seconds')
    const failed = await createNode(options()).then(
      () => null,
      (error: Error) => error.message,
    )
    if (!failed?.includes('another process')) throw new Error(`a second member started, or failed otherwise: ${failed}`)
    storage.fails = dies
    if (dies) await node.put('k', 'w').catch(() => {})
    await node.stop()
  }
  for (let i = 0; i < WARM; i++) await cycle(i % 2 === 0)
  const before = { bytes: await aliveBytes(), resources: process.getActiveResourcesInfo().sort(), listeners: listeners() }
  for (let i = 0; i < MEASURED; i++) await cycle(i % 2 === 0)
  const left = (await aliveBytes()) - before.bytes
  expect(left).toBeLessThan(MEASURED * MOST_LEFT)
  expect(process.getActiveResourcesInfo().sort()).toEqual(before.resources)
  expect(listeners()).toEqual(before.listeners)
  expect([delays.mock.calls.length, observed.mock.calls.length]).toEqual([1, 1])
})
