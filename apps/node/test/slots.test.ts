import { connect, type Socket } from 'node:net'
import { encodeClientPreamble, RequestKind } from '@raft/client/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { MemberSeal } from '../src/routing/member-seal.js'
import { startInProcess } from './cluster.js'
import { GET, settle } from './http-by-hand.js'
import { type Peer, startPort } from './port.js'

/** More than may be looked at beyond the places of clients. */
const MANY = 100
const BEGINNINGS = ['', 'G', '\u00af', '\u0016']
const HASTY = { introduction: 100, head: 10_000, request: 60_000, linger: 50 }

const begin = (peer: Peer, beginning: string) => peer.send(Buffer.from(beginning, 'latin1'))

/** A member's connection that is open once the handshake has been made. */
function member(seal: MemberSeal, port: number): Promise<'open' | 'closed'> {
  return new Promise((resolve) => {
    const connection = seal.connector.connect(`127.0.0.1:${port}`, {
      onOpen: () => resolve('open'),
      onData: () => {},
      onDrain: () => {},
      onClose: () => resolve('closed'),
    })
    onTestFinished(() => connection.close())
  })
}

test.each(BEGINNINGS)('strangers who send no more than %j keep neither clients nor members out', async (beginning) => {
  const refused: string[] = []
  const seal = await MemberSeal.derive(['a secret of the cluster'], 'c')
  const { dial, open, address } = await startPort({ maxConnections: 2, seal, onRefused: (reason) => refused.push(reason) })
  const strangers: Peer[] = []
  for (let i = 0; i < MANY; i++) {
    const stranger = await dial()
    begin(stranger, beginning)
    strangers.push(stranger)
  }
  const http = await dial()
  http.send(GET)
  await http.until(() => http.statuses.length === 1)
  const client = await open()
  client.ask(1, RequestKind.Status).flush()
  await client.answered(1)
  expect([http.statuses, client.errorOf(1), await member(seal, address)]).toEqual([[200], null, 'open'])
  await strangers[0]?.over
  expect(new Set(refused)).toEqual(new Set(['displaced']))
})

test('when clients have all their places, a member still gets one; HTTP is answered with 503, and the others are ended', async () => {
  const refused: string[] = []
  const seal = await MemberSeal.derive(['a secret of the cluster'], 'c')
  const { port, dial, open, address, node } = await startPort({ maxConnections: 1, seal, onRefused: (reason) => refused.push(reason) })
  const first = await open()
  first.ask(1, RequestKind.Status).flush()
  await first.answered(1)
  const http = await dial()
  http.send(GET)
  await http.over
  expect(http.received).toMatch(/^HTTP\/1\.1 503 .*retry-after: 1.*RAFT_OVERLOADED/s)
  const client = await open()
  client.put(1).flush()
  await client.peer.over
  expect([client.answers.size, node.writes.length]).toEqual([0, 0])
  expect([await member(seal, address), port.members]).toEqual(['open', 1])
  expect(refused).toEqual(['full', 'full'])
  // The first connection goes on.
  first.ask(2, RequestKind.Status).flush()
  await first.answered(2)
})

test('connections of members do not count as those of clients', async () => {
  const seal = await MemberSeal.derive(['a secret of the cluster'], 'c')
  const { port, dial, address } = await startPort({ maxConnections: 1, seal })
  for (let i = 0; i < 3; i++) await member(seal, address)
  const http = await dial()
  http.send(GET)
  await http.until(() => http.statuses.length === 1)
  expect([http.statuses, port.members, port.connections]).toEqual([[200], 3, 4])
})

test('a preamble, a head or a handshake that does not come whole in time ends the connection; HTTP is told', async () => {
  const refused: string[] = []
  const seal = await MemberSeal.derive(['a secret of the cluster'], 'c')
  const { dial, open } = await startPort({ patience: HASTY, seal, onRefused: (reason) => refused.push(reason) })
  const beginnings = [...BEGINNINGS, Buffer.from(encodeClientPreamble()).subarray(0, 7).toString('latin1'), GET.slice(0, -1)]
  const slow = await Promise.all(beginnings.map(() => dial()))
  for (const [i, peer] of slow.entries()) begin(peer, beginnings[i] ?? '')
  const client = await open()
  client.ask(1, RequestKind.Status).flush()
  await Promise.all(slow.map((peer) => peer.over))
  expect(slow.map(({ statuses }) => statuses)).toEqual([[], [408], [], [], [], [408]])
  expect(refused).toEqual(Array(6).fill('late'))
  await settle(dial)
  expect([client.peer.isOver, client.answers.size]).toEqual([false, 1])
})

test.each(['\u0016', '\u0016\u0003\u0001', '\u00af'])('who begins with %j and ends is let go at once', async (beginning) => {
  const seal = await MemberSeal.derive(['a secret of the cluster'], 'c')
  const { port, dial } = await startPort({ seal, patience: { ...HASTY, introduction: 600_000 } })
  const peer = await dial()
  begin(peer, beginning)
  await peer.end()
  expect(port.members).toBe(0)
})

test('a leader all of whose places strangers hold still serves what its followers forward, counts them and says so once', async () => {
  const warnings: string[] = []
  const logger = { info: () => {}, error: () => {}, warn: (_details: object, message: string) => warnings.push(message) }
  const cluster = await startInProcess(3, { maxConnections: 8, logger })
  const leader = cluster.leader()
  const port = Number(new URL(cluster.url(leader)).port)
  const strangers: Socket[] = []
  onTestFinished(() => {
    for (const stranger of strangers) stranger.destroy()
  })
  for (let i = 0; i < 2 * MANY; i++) {
    const stranger = connect({ host: '127.0.0.1', port })
    stranger.on('error', () => {})
    await new Promise<void>((resolve) => stranger.once('connect', resolve))
    stranger.write(Uint8Array.of(0xaf))
    strangers.push(stranger)
  }
  for (const follower of cluster.followers()) expect(await follower.put('k', follower.id)).toMatchObject({ type: 'put' })
  const metrics = await (await fetch(`${cluster.url(leader)}/metrics`)).text()
  expect(metrics).toMatch(/^raft_member_connections 2$/m)
  expect(Number(/^raft_refused_connections_total\{reason="displaced"\} (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(MANY)
  expect(warnings.filter((message) => message.includes('others need their places'))).toHaveLength(1)
})

test('connections that are turned away and never end give way to others, and no more are open than there may be (issue 19)', async () => {
  const { port, open, address } = await startPort({
    maxConnections: 1,
    maxSockets: 16,
    patience: { ...HASTY, introduction: 10_000, linger: 600_000 },
  })
  const first = await open()
  first.ask(1, RequestKind.Status).flush()
  await first.answered(1)
  const lingering: Socket[] = []
  onTestFinished(() => {
    for (const socket of lingering) socket.destroy()
  })
  let answers = 0
  for (let i = 0; i < MANY; i++) {
    // It takes its answer, and never ends.
    const socket = connect({ host: '127.0.0.1', port: address, allowHalfOpen: true })
    lingering.push(socket)
    socket.on('error', () => {})
    socket.write(GET)
    await new Promise<void>((resolve) => socket.once('data', () => resolve()))
    answers += 1
    expect(port.connections).toBeLessThanOrEqual(7)
  }
  expect([answers, port.maxClients]).toEqual([MANY, 1])
  // The first connection goes on.
  first.ask(2, RequestKind.Status).flush()
  await first.answered(2)
})
