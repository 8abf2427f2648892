import { nodeClock } from '@raft/system'
import { expect, test, vi } from 'vitest'
import { anyPorts } from '../src/local/free-ports.js'
import { errorsTo } from '../src/options.js'
import { startTransport } from '../src/transport.js'

test('the transport lives by the clock that its member was given', async () => {
  const [own, other] = await anyPorts(2)
  const peerOf = (port: number | undefined) => ({ peer: `127.0.0.1:${port}` })
  let deferred = 0
  const clock = {
    ...nodeClock,
    defer: (callback: () => void) => {
      deferred += 1
      nodeClock.defer(callback)
    },
  }
  const members = { n1: peerOf(own?.peer), n2: peerOf(other?.peer) }
  const { transport, stop } = await startTransport(
    { id: 'n1', members, secret: 'a secret for this test', dataDir: 'unused', clock },
    'c',
    null,
  )
  transport.attach(0, { onMessage: () => {}, onUnreachable: () => {} })
  transport.setMembers(0, [{ id: 'n2', addresses: members.n2 }])
  transport.send('n2', { type: 'heartbeat', group: 0, term: 1, leaderCommit: 0, round: 1 })
  await stop()
  expect(deferred).toBeGreaterThan(0)
})

test('what the transport finds wrong is a warning in the log: who it is about, and what to do', async () => {
  const [own, other] = await anyPorts(2)
  const peerOf = (port: number | undefined) => ({ peer: `127.0.0.1:${port}` })
  const warnings: { details: object; message: string }[] = []
  const logger = { ...errorsTo(() => {}), warn: (details: object, message: string) => void warnings.push({ details, message }) }
  const common = { secret: 'a secret for this test', dataDir: 'unused', clock: nodeClock }
  const n1 = peerOf(own?.peer)
  const member = await startTransport({ ...common, id: 'n1', members: { n1 }, logger }, 'c', null)
  const stranger = await startTransport({ ...common, id: 'n9', members: { n9: peerOf(other?.peer) } }, 'c', null)
  for (const { transport } of [member, stranger]) transport.attach(0, { onMessage: () => {}, onUnreachable: () => {} })
  stranger.transport.setMembers(0, [{ id: 'n1', addresses: n1 }])
  await vi.waitFor(() => expect(warnings).toHaveLength(1), 10_000)
  expect(warnings[0]).toMatchObject({ details: { code: 'RAFT_STRANGER', peer: 'n9' } })
  expect(warnings[0]?.message).toContain('"n9", which is not among the members')
  expect(member.counters()['dropped_stranger']).toBeGreaterThan(0)
  await Promise.all([member.stop(), stranger.stop()])
})

test('the largest datagram is the one that was set', async () => {
  const [own] = await anyPorts(1)
  const options = { id: 'n1', members: { n1: { peer: `127.0.0.1:${own?.peer}` } }, secret: 'a secret for this test', clock: nodeClock }
  await expect(startTransport({ ...options, maxDatagramBytes: 100 }, 'c', null)).rejects.toThrow('maxDatagramBytes is 100')
  const { stop } = await startTransport({ ...options, maxDatagramBytes: 1200 }, 'c', null)
  await stop()
})
