import { expect, it } from 'vitest'
import { Hearing } from '../src/hearing.js'

function setUp() {
  const told: string[] = []
  const lines: string[] = []
  const host = {
    options: { id: 'a', onPresence: ({ message }: { message: string }) => lines.push(message) },
    report: ({ code }: { code: string }) => told.push(code),
  }
  return { told, lines, hearing: new Hearing(host, 'b', { address: '10.0.0.2:7000', failure: null }) }
}

it('a hello that comes twice says nothing of the path, however long after it others come once each', () => {
  const { told, hearing } = setUp()
  hearing.hello(1, 0)
  hearing.hello(1, 20)
  for (let i = 1; i < 100; i++) {
    hearing.hello(2 * i, i * 3_600_000)
    hearing.hello(2 * i, i * 3_600_000 + 20)
    hearing.hello(2 * i + 1, i * 3_600_000 + 1000)
  }
  expect(told).toEqual([])
})

it('hellos that all come again and again for ten seconds say that the peer gets no answer', () => {
  const { told, hearing } = setUp()
  for (let time = 0; time < 9_000; time += 500) hearing.hello(1 + Math.floor(time / 2000), time)
  expect(told).toEqual([])
  for (let time = 9_000; time < 12_000; time += 500) hearing.hello(1 + Math.floor(time / 2000), time)
  expect(told).toEqual(['RAFT_PEER_HEARS_NOTHING'])
})

it('hellos of which each is answered the first time say that the path is good', () => {
  const { told, hearing } = setUp()
  for (let time = 0; time < 60_000; time += 1000) hearing.hello(1 + time, time)
  expect(told).toEqual([])
})
