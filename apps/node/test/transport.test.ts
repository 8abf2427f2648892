import { expect, test } from 'vitest'
import { nodeClock } from '../src/clock.js'
import { anyPorts } from '../src/local/free-ports.js'
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
