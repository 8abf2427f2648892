import { describe, expect, it } from 'vitest'
import { DATAGRAM_VERSION, DatagramKind, encodeHandshake, NO_NONCE, NONCE_BYTES } from '../src/datagram.js'
import type { TransportProblem } from '../src/problems.js'
import { deriveSecrets, type SecretKeys } from '../src/secrets.js'
import { append, arrivedRounds, heartbeat, KEY, type Station, VirtualCluster } from './support/cluster.js'

const PLACE = { address: '66.6.6.6', port: 666 }

async function meet() {
  const cluster = new VirtualCluster(71)
  const problems: TransportProblem[] = []
  const a = await cluster.start('a', ['a', 'b'], { onProblem: (problem) => problems.push(problem) })
  const b = await cluster.start('b', ['a', 'b'])
  await cluster.run(50)
  return { cluster, problems, a, b }
}

/** As somebody who knows the secret writes it. */
function helloFrom(id: string): Buffer {
  const keys: SecretKeys[] = []
  deriveSecrets([KEY], 'test', (_, derived) => keys.push(...derived))
  const { hint, authenticationKey } = keys[0] as SecretKeys
  const step = { version: DATAGRAM_VERSION, kind: DatagramKind.Hello, hint, from: id, to: 'a', senderSession: 5, receiverSession: 0 }
  const rest = {
    nonce: new Uint8Array(NONCE_BYTES),
    maxDatagram: 1200,
    window: 1_000_000,
    sessionKnown: false,
    identity: null,
    refusal: null,
    remembered: null,
  }
  return encodeHandshake({ ...step, ...rest }, false, authenticationKey, NO_NONCE)
}

describe('somebody who knows the secret and is not among the members', () => {
  it('is not obeyed: nothing that it sends arrives, all is counted, and the owner is told once who and where it is', async () => {
    const { cluster, problems, a } = await meet()
    const c = await cluster.start('c', ['a', 'b', 'c'])
    for (let round = 1; round <= 50; round++) {
      c.transport.send('a', heartbeat(round))
      c.transport.send('a', append(round, 2000))
      await cluster.run(50)
    }
    expect(a.received).toEqual([])
    expect(a.transport.counters().dropped.stranger).toBeGreaterThan(1)
    expect(problems).toMatchObject([{ code: 'RAFT_STRANGER', peer: 'c' }])
    expect(problems[0]?.message).toContain('10.0.0.3')
    expect(problems[0]?.message).toContain('"c"')
    expect(c.transport.counters().sessionsOpened).toBe(0)
  })

  it('is heard from the moment on at which it is a member', async () => {
    const { cluster, a } = await meet()
    const c = await cluster.start('c', ['a', 'b', 'c'])
    await cluster.run(500)
    a.transport.setMembers(
      0,
      ['a', 'b', 'c'].map((id) => cluster.member(id)),
    )
    await cluster.run(50)
    c.transport.send('a', heartbeat(7))
    await cluster.run(50)
    expect(arrivedRounds(a)).toEqual([7])
  })

  it('is not heard any more from the moment on at which it is no member, in the session that it has', async () => {
    const { cluster, a, b } = await meet()
    b.transport.send('a', heartbeat(1))
    await cluster.run(50)
    a.transport.setMembers(0, [cluster.member('a')])
    for (let round = 2; round <= 50; round++) {
      b.transport.send('a', heartbeat(round))
      await cluster.run(50)
    }
    expect(arrivedRounds(a)).toEqual([1])
    expect(a.transport.counters().dropped.stranger).toBeGreaterThan(0)
  })

  it('leaves nothing behind and is answered nothing, under however many names', async () => {
    const { cluster, problems, a, b } = await meet()
    const before = a.transport.counters()
    for (let i = 0; i < 5000; i++) {
      cluster.network.inject({ bytes: helloFrom(`x${i}`), from: PLACE, to: VirtualCluster.endpoint('a') })
      if (i % 500 === 0) await cluster.run(1)
    }
    await cluster.run(50)
    const after = a.transport.counters()
    expect(after.dropped.stranger).toBe(5000)
    expect([after.handshakesAnswered, after.datagramsSent]).toEqual([before.handshakesAnswered, before.datagramsSent])
    expect(problems).toHaveLength(16)
    b.transport.send('a', heartbeat(1))
    await cluster.run(50)
    expect(arrivedRounds(a)).toEqual([1])
  })
})

describe('a member of one group', () => {
  it('is not heard in a group of which it is no member', async () => {
    const { cluster, a, b } = await meet()
    const second: number[] = []
    const note: Parameters<Station['transport']['attach']>[1] = {
      onMessage: (_from, message) => message.type === 'heartbeat' && second.push(message.round),
      onUnreachable: () => {},
    }
    a.transport.attach(7, note)
    a.transport.setMembers(7, [cluster.member('a')])
    b.transport.attach(7, { onMessage: () => {}, onUnreachable: () => {} })
    b.transport.setMembers(7, [cluster.member('a'), cluster.member('b')])
    b.transport.send('a', heartbeat(1, 7))
    b.transport.send('a', heartbeat(2))
    await cluster.run(50)
    expect([second, arrivedRounds(a)]).toEqual([[], [2]])
    expect(a.transport.counters().dropped.stranger).toBe(1)
  })
})
