import { expect, onTestFinished, test, vi } from 'vitest'
import { ConnectionBurst } from '../src/endpoint/connection-burst.js'
import { echo, GET } from './http-by-hand.js'
import { startPort } from './port.js'

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

test('what waits can be carried out at once', async () => {
  const burst = new ConnectionBurst()
  const { done, run } = notes(burst)
  burst.came()
  run('a')
  burst.flush()
  expect(done).toEqual(['a'])
  await turn()
  await turn()
  expect(done).toEqual(['a'])
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

test('a request whose connection ends while it waits is not served', async () => {
  const waiting: (() => void)[] = []
  const run = vi.spyOn(ConnectionBurst.prototype, 'run').mockImplementation((work) => void waiting.push(work))
  onTestFinished(() => run.mockRestore())
  const { served, onRequest } = echo()
  const { port, dial } = await startPort({ onRequest })
  const peer = await dial()
  peer.send(GET)
  await vi.waitFor(() => expect(waiting).toHaveLength(1))
  peer.socket.resetAndDestroy()
  await vi.waitFor(() => expect(port.connections).toBe(0))
  for (const work of waiting) work()
  expect(served).toEqual([])
})
