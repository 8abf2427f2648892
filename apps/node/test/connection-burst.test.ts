import { expect, onTestFinished, test, vi } from 'vitest'
import { ConnectionBurst } from '../src/client-port/connection-burst.js'
import { echo, GET, LIMIT, put } from './http-by-hand.js'
import { startPort } from './port.js'

vi.mock('@raft/system', async (original) => ({ ...(await original<object>()), ...(await import('./ambient-time.js')) }))

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Notes what is carried out. */
function notes(burst: ConnectionBurst) {
  const done: string[] = []
  return { done, run: (name: string) => burst.run(() => done.push(name)) }
}

test('work is carried out at once where no connection comes', () => {
  const { done, run } = notes(new ConnectionBurst())
  run('a')
  expect(done).toEqual(['a'])
})

test('work waits while connections come, and is carried out in its order after the first turn in which none does', async () => {
  // A turn on a busy machine may take longer than work waits.
  vi.spyOn(performance, 'now').mockReturnValue(1000)
  onTestFinished(() => void vi.restoreAllMocks())
  const burst = new ConnectionBurst()
  const { done, run } = notes(burst)
  burst.came()
  run('a')
  await turn()
  burst.came()
  run('b')
  await turn()
  expect(done).toEqual([])
  run('c')
  await turn()
  expect(done).toEqual(['a', 'b', 'c'])
  run('d')
  expect(done).toEqual(['a', 'b', 'c', 'd'])
})

test('work waits for no longer than 10 ms where connections come without end', async () => {
  const clock = vi.spyOn(performance, 'now').mockReturnValue(1000)
  const burst = new ConnectionBurst()
  const { done, run } = notes(burst)
  burst.came()
  run('a')
  for (const now of [1004, 1009]) {
    clock.mockReturnValue(now)
    burst.came()
    await turn()
  }
  expect(done).toEqual([])
  clock.mockReturnValue(1010)
  burst.came()
  await turn()
  clock.mockRestore()
  expect(done).toEqual(['a'])
})

test('no more than 4096 wait', () => {
  const burst = new ConnectionBurst()
  let done = 0
  burst.came()
  for (let i = 0; i < 4095; i++) burst.run(() => done++)
  expect(done).toBe(0)
  burst.run(() => done++)
  expect(done).toBe(4096)
})

test('where some of it throws, the rest is carried out all the same, in its order', async () => {
  // On a busy machine the burst would be late, and over a turn earlier.
  vi.spyOn(performance, 'now').mockReturnValue(1000)
  onTestFinished(() => void vi.restoreAllMocks())
  const thrown: unknown[] = []
  process.setUncaughtExceptionCaptureCallback((error) => thrown.push(error))
  onTestFinished(() => process.setUncaughtExceptionCaptureCallback(null))
  const burst = new ConnectionBurst()
  const { done, run } = notes(burst)
  const error = new Error('thrown')
  burst.came()
  run('a')
  burst.run(() => {
    throw error
  })
  run('b')
  burst.run(() => {
    throw error
  })
  run('c')
  await turn()
  await turn()
  expect([done, thrown]).toEqual([['a'], [error]])
  run('d')
  for (let i = 0; i < 3; i++) await turn()
  expect([done, thrown]).toEqual([
    ['a', 'b', 'c', 'd'],
    [error, error],
  ])
})

test('connections that come at once are served in far fewer turns than there are of them', async () => {
  const CONNECTIONS = 64
  let turns = 0
  let counting = true
  const count = () => {
    turns += 1
    if (counting) setImmediate(count)
  }
  const servedIn = new Set<number>()
  const { dial } = await startPort({
    onRequest: (_request, response) => {
      servedIn.add(turns)
      response.end()
    },
  })
  count()
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const peer = await dial()
      peer.send(GET)
      await peer.until(() => peer.statuses.length === 1)
    }),
  )
  counting = false
  expect(servedIn.size).toBeLessThan(CONNECTIONS / 2)
})

/** A port to which connections come without end while time stands still, so that requests wait until they are carried out. */
async function burstingPort() {
  const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
  const came = vi.spyOn(ConnectionBurst.prototype, 'came')
  const run = vi.spyOn(ConnectionBurst.prototype, 'run')
  const { served, held, onRequest } = echo()
  const { port, dial } = await startPort({ onRequest })
  let isOver = false
  onTestFinished(() => {
    isOver = true
    for (const spy of [clock, came, run]) spy.mockRestore()
  })
  await dial()
  await vi.waitFor(() => expect(came).toHaveBeenCalled())
  const burst = came.mock.contexts[0] as ConnectionBurst
  const goOn = () => {
    if (isOver) return
    burst.came()
    setImmediate(goOn)
  }
  goOn()
  /** Fulfilled once so many requests have come, in all. */
  const requests = (count: number) => vi.waitFor(() => expect(run).toHaveBeenCalledTimes(count))
  /** Time goes on: a port that closes waits for a while in which nobody comes. */
  const goOnWithTime = () => clock.mockRestore()
  return { port, dial, served, held, requests, goOnWithTime, carryOut: () => burst.flush() }
}

test('a request whose connection ends while it waits is not served', async () => {
  const { port, dial, served, carryOut, requests } = await burstingPort()
  const peer = await dial()
  peer.send(GET)
  await requests(1)
  peer.socket.resetAndDestroy()
  await vi.waitFor(() => expect(port.connections).toBe(1))
  carryOut()
  expect(served).toEqual([])
})

test('a request that waits behind the last answer of its connection is not served', async () => {
  const { dial, served, carryOut, requests } = await burstingPort()
  const peer = await dial()
  peer.send(put('/too-large', 'transfer-encoding: chunked', ''))
  await requests(1)
  carryOut()
  peer.send(`${(2 * LIMIT).toString(16)}\r\n${'x'.repeat(2 * LIMIT)}\r\n0\r\n\r\n${GET}`)
  await requests(2)
  await peer.until(() => peer.statuses.length === 1)
  carryOut()
  await peer.end()
  expect(peer.statuses).toEqual([413])
  expect(served).toEqual(['PUT /too-large'])
})

test('requests that wait when the port closes came before: they are served', async () => {
  const { port, dial, served, held, carryOut, requests, goOnWithTime } = await burstingPort()
  const [fresh, used] = [await dial(), await dial()]
  used.send(put('/held', 'content-length: 1', 'a'))
  await requests(1)
  carryOut()
  await vi.waitFor(() => expect(held).toHaveLength(1))
  used.send(GET)
  await requests(2)
  held[0]?.()
  await used.until(() => used.statuses.length === 1)
  fresh.send(GET)
  await requests(3)
  const closed = port.close()
  await Promise.all([fresh.over, used.over])
  goOnWithTime()
  await Promise.all([fresh.end(), used.end(), closed])
  expect(served).toEqual(['PUT /held', 'GET /', 'GET /'])
  expect([fresh.statuses, used.statuses]).toEqual([[200], [200, 200]])
})

test('nothing waits once the port closes', async () => {
  const { port, dial, held, carryOut, requests, goOnWithTime } = await burstingPort()
  const [first, second] = [await dial(), await dial()]
  first.send(put('/held', 'content-length: 1', 'a'))
  await requests(1)
  carryOut()
  await vi.waitFor(() => expect(held).toHaveLength(1))
  second.send('GET / HT')
  const closed = port.close()
  second.send('TP/1.1\r\nhost: localhost\r\n\r\n')
  await second.over
  held[0]?.()
  await first.over
  goOnWithTime()
  await Promise.all([first.end(), second.end(), closed])
  expect(second.statuses).toEqual([503])
})
