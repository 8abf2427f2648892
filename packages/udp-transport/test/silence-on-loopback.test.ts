import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { nodeClock } from '@raft/system'
import { afterEach, expect, it, vi } from 'vitest'
import { type TransportProblem, UdpTransport, type UdpTransportOptions } from '../src/index.js'
import { heartbeat, KEY, OTHER_KEY } from './support/cluster.js'

/*
 * Each cause of silence, with real sockets on loopback. The transports live ten times as fast as the test, so that what they say after
 * ten seconds comes after one.
 */

const SPEED = 10
const fastClock = {
  ...nodeClock,
  now: () => nodeClock.now() * SPEED,
  schedule: (time: number, callback: () => void) => nodeClock.schedule(time / SPEED, callback),
}

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0)) await step()
})

interface Member {
  readonly transport: UdpTransport
  /** Codes and peers, in order. */
  readonly told: string[]
  readonly messages: string[]
  readonly presence: string[]
}

async function member(id: string, options: Partial<UdpTransportOptions> = {}): Promise<Member> {
  const told: string[] = []
  const messages: string[] = []
  const presence: string[] = []
  const transport = new UdpTransport({
    id,
    clusterId: 'test',
    bind: '127.0.0.1:0',
    secrets: [KEY],
    clock: fastClock,
    onProblem: ({ code, peer, message }: TransportProblem) => {
      told.push(`${code} ${peer}`)
      messages.push(message)
    },
    onPresence: ({ change, peer }) => presence.push(`${change} ${peer}`),
    ...options,
  })
  cleanUp.push(() => transport.close())
  await transport.start()
  transport.attach(0, { onMessage: () => {}, onUnreachable: () => {} })
  return { transport, told, messages, presence }
}

const portOf = ({ transport }: Member) => transport.local?.port as number

/** Says so where the members are, and has each talk to the other all the time. */
function introduce(members: Readonly<Record<string, Member>>, ports: Readonly<Record<string, Readonly<Record<string, number>>>>): void {
  for (const [id, { transport }] of Object.entries(members)) {
    const known = Object.entries(ports[id] ?? {})
    transport.setMembers(
      0,
      known.map(([peer, port]) => ({ id: peer, addresses: { peer: `127.0.0.1:${port}` } })),
    )
    const timer = setInterval(() => {
      for (const [peer] of known) transport.send(peer, heartbeat(1))
    }, 20)
    cleanUp.push(() => clearInterval(timer))
  }
}

async function udpSocket(): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  cleanUp.push(() => socket.close())
  return { socket, port: socket.address().port }
}

/** A port that was free a moment ago. */
async function closedPort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

/** Both have told this, and after as long again nothing more. */
async function expectTold(...expected: readonly (readonly [member: Member, told: readonly string[]])[]): Promise<void> {
  await vi.waitFor(() => {
    for (const [{ told }, lines] of expected) expect(told).toEqual(lines)
  }, 20_000)
  await new Promise((resolve) => setTimeout(resolve, 1500))
  for (const [{ told }, lines] of expected) expect(told).toEqual(lines)
}

it.each([
  ['secret', { secrets: [OTHER_KEY] }],
  ['cluster id', { clusterId: 'another' }],
])('another %s is told once on both sides', async (_, options) => {
  const [a, b] = [await member('a'), await member('b', options)]
  introduce({ a, b }, { a: { b: portOf(b) }, b: { a: portOf(a) } })
  await expectTold([a, ['RAFT_UNKNOWN_SECRET b']], [b, ['RAFT_UNKNOWN_SECRET a']])
  expect(a.presence).toEqual([])
})

it('a wrong port of a member that runs is told by the one that has it, and the other says that nothing comes', async () => {
  const [a, b] = [await member('a'), await member('b')]
  const wrong = await closedPort()
  introduce({ a, b }, { a: { b: wrong }, b: { a: portOf(a) } })
  await expectTold([a, ['RAFT_PEER_PORT_CLOSED b']], [b, ['RAFT_PEER_SILENT a']])
  expect(a.messages[0]).toContain(`b says hello, so it runs, but nobody listens at 127.0.0.1:${wrong}`)
})

it('a port at which nobody listens is told, and that the member has come when it does', async () => {
  const a = await member('a')
  const port = await closedPort()
  introduce({ a }, { a: { b: port } })
  await expectTold([a, ['RAFT_PEER_PORT_CLOSED b']])
  expect(a.messages[0]).toContain(`nobody listens at 127.0.0.1:${port}, the peer address of b`)
  const b = await member('b', { bind: `127.0.0.1:${port}` })
  introduce({ b }, { b: { a: portOf(a) } })
  await vi.waitFor(() => expect([a.presence, b.presence]).toEqual([['came b'], ['came a']]), 20_000)
  expect([a.told.length, b.told.length]).toEqual([1, 0])
})

it('a port that takes everything and says nothing is told as silent', async () => {
  const a = await member('a')
  const { port } = await udpSocket()
  introduce({ a }, { a: { b: port } })
  await expectTold([a, ['RAFT_PEER_SILENT b']])
})

it('another program at the port that answers something else is told as that', async () => {
  const a = await member('a')
  const { socket, port } = await udpSocket()
  socket.on('message', (_bytes, from) => socket.send('HTTP/1.1 400 Bad Request\r\n\r\n', from.port, from.address))
  introduce({ a }, { a: { b: port } })
  await expectTold([a, ['RAFT_PEER_FOREIGN b']])
  expect(a.messages[0]).toContain(`what answers at 127.0.0.1:${port}, the peer address of b, is no member of this version`)
})

it('an address that leads back to the member itself is told as that', async () => {
  const a = await member('a')
  introduce({ a }, { a: { b: portOf(a) } })
  await expectTold([a, ['RAFT_PEER_IS_SELF b']])
})
