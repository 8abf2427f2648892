import { createHmac, hkdfSync, scryptSync } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { decodeServerPreamble, encodeClientPreamble, RequestKind } from '@raft/client/protocol'
import { decodeResult, encodePut, Operation } from '@raft/commands'
import { type Member, NodeStoppedError } from '@raft/core'
import { MemoryLogStorage } from '@raft/core/memory'
import { expect, onTestFinished, test } from 'vitest'
import { Account } from '../src/account.js'
import { createNode, nodeClock, type RaftNode } from '../src/index.js'
import { anyPorts } from '../src/local/free-ports.js'
import { LeaderAccess } from '../src/routing/leader-access.js'
import { MemberSeal, TLS_FIRST_BYTE } from '../src/routing/member-seal.js'
import type { LeaderTask } from '../src/routing/operation.js'
import { SECRET } from './cluster.js'
import { GET } from './http-by-hand.js'
import { PUT, startPort } from './port.js'

const OLD = 'the secret that was'
const NEW = 'the secret that comes'

async function listening(onConnection: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer(onConnection)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { server, port: (server.address() as { port: number }).port }
}

/** Passes everything on, and keeps what it saw, in either direction. */
async function wiretap(to: number) {
  const seen: Buffer[] = []
  const { port } = await listening((from) => {
    const there = connect({ host: '127.0.0.1', port: to })
    onTestFinished(() => void [from.destroy(), there.destroy()])
    for (const [one, other] of [[from, there] as const, [there, from] as const]) {
      one.on('data', (chunk) => {
        seen.push(chunk)
        other.write(chunk)
      })
      one.on('error', () => {})
      one.on('close', () => other.destroy())
    }
  })
  return { port, seen }
}

/** A cluster whose members reach one another's client addresses through wiretaps. */
async function tapped(secret: string) {
  const ports = await anyPorts(3)
  const taps = await Promise.all(ports.map(({ client }) => wiretap(client)))
  const members = Object.fromEntries(
    ports.map(({ peer }, i) => [`n${i + 1}`, { peer: `127.0.0.1:${peer}`, client: `127.0.0.1:${taps[i]?.port}` }]),
  )
  const nodes: RaftNode[] = []
  onTestFinished(async () => {
    await Promise.all(nodes.map((node) => node.stop()))
  })
  for (const [i, { client }] of ports.entries()) {
    const storage = new MemoryLogStorage(nodeClock)
    nodes.push(await createNode({ id: `n${i + 1}`, members, secret, storage, bind: { client: `127.0.0.1:${client}` } }))
  }
  await Promise.all(nodes.map((node) => node.waitForLeader({ signal: AbortSignal.timeout(10_000) })))
  return { nodes, seen: () => Buffer.concat(taps.flatMap((tap) => tap.seen)), first: () => taps.flatMap((tap) => tap.seen[0] ?? []) }
}

test('what a member forwards cannot be read on its way, nor can the answers', async () => {
  const { nodes, seen, first } = await tapped(SECRET)
  const follower = nodes.find((node) => node.role === 'follower')
  await follower?.put('a key for nobody', 'a value for nobody')
  expect(await follower?.get('a key for nobody')).toBe('a value for nobody')
  expect(first().map((chunk) => chunk[0])).toEqual([TLS_FIRST_BYTE])
  expect(seen().includes('for nobody')).toBe(false)
})

const forward: LeaderTask<number> = {
  isWrite: true,
  bytes: 5,
  kind: RequestKind.Write,
  body: () => encodePut(Buffer.from('k'), Buffer.from('v')),
  decode: (_kind, body) => decodeResult(Operation.put, body).version,
  local: () => {},
}

/** A member that follows one whose client port is at `port`. */
function follower(seal: MemberSeal, port: number) {
  const problems: string[] = []
  const leader: Member = { id: 'n1', addresses: { client: `127.0.0.1:${port}` } }
  const access = new LeaderAccess({
    account: new Account(64 * 1024 * 1024),
    node: { id: 'n2', leader, on: () => () => {} },
    clusterId: 'c',
    clock: nodeClock,
    connector: seal.connector,
    maxPending: 100,
    maxWaitingBytes: 1e6,
    silenceTimeout: 60_000,
    onProblem: (message) => problems.push(message),
  })
  onTestFinished(() => access.stop())
  return { access, problems }
}

/** Fulfilled once a request could not be forwarded, and has certainly had no effect. */
async function refused(access: LeaderAccess, problems: readonly string[]): Promise<void> {
  const done = access.run(forward, 600_000)
  done.catch(() => {})
  while (problems.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  access.stop()
  await expect(done).rejects.toThrow(NodeStoppedError)
}

const seal = (...secrets: string[]) => MemberSeal.derive(secrets, 'c')

test('a member with a secret sends nothing to a member that takes no sealed connections, and says why', async () => {
  const seen: Buffer[] = []
  const plain = await listening((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      seen.push(chunk)
      socket.destroy()
    })
  })
  const { access, problems } = follower(await seal(OLD), plain.port)
  await refused(access, problems)
  expect(new Set(seen.map((chunk) => chunk[0]))).toEqual(new Set([TLS_FIRST_BYTE]))
  expect(problems[0]).toMatch(/takes no sealed connections/)
})

function sealedPort(given: MemberSeal, onRefused: (reason: string) => void = () => {}, onProtocolError: (error: Error) => void = () => {}) {
  return startPort({ seal: given, onRefused, protocol: { onProtocolError } })
}

test.each([
  ['the same secret', [OLD], [OLD]],
  ['one that is being introduced, and still sends the old one first', [OLD, NEW], [OLD]],
  ['one that sends the new one first', [NEW, OLD], [OLD, NEW]],
  ['one that sends first what the other does not know', [NEW, OLD], [OLD]],
  ['one that has dropped the old one', [NEW], [NEW, OLD]],
])('a member with %s is understood', async (_what, mine, theirs) => {
  const { node, port, address } = await sealedPort(await seal(...theirs))
  const { access } = follower(await seal(...mine), address)
  const done = access.run(forward, 600_000)
  while (node.writes.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(port.members).toBe(1)
  node.writes[0]?.(null, PUT)
  expect(await done).toBe(1)
})

test('a member with another secret, or of another cluster with the same secret, is refused, counted, and told so', async () => {
  const reasons: string[] = []
  const { node, address } = await sealedPort(await seal(OLD), (reason) => reasons.push(reason))
  const strangers = [await seal(NEW), await MemberSeal.derive([OLD], 'another cluster')]
  for (const stranger of strangers) {
    const { access, problems } = follower(stranger, address)
    await refused(access, problems)
    expect(problems[0]).toMatch(/does not know this secret/)
  }
  expect(new Set(reasons)).toEqual(new Set(['handshake']))
  expect(node.writes).toEqual([])
})

const HEX = '00112233445566778899aabbccddeeff'.repeat(2)

test.each([
  ['a key', HEX, () => Buffer.from(HEX, 'hex')],
  ['a passphrase', OLD, () => scryptSync(OLD, 'raft-udp 1 c', 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 })],
])('a member that was written by docs/formats.md alone is understood, with %s', async (_what, secret, master) => {
  const { port, address } = await sealedPort(await seal(secret))
  const psk = Buffer.from(hkdfSync('sha256', master(), 'c', 'raft-forward 1 psk', 32))
  const identity = createHmac('sha256', psk).update('identity').digest('hex').slice(0, 16)
  const socket = connectTls({
    host: '127.0.0.1',
    port: address,
    ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
    maxVersion: 'TLSv1.2',
    checkServerIdentity: () => undefined,
    pskCallback: () => ({ psk, identity }),
  })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  socket.write(encodeClientPreamble())
  const [greeting] = await once(socket, 'data')
  expect(decodeServerPreamble(greeting)?.preamble).toMatchObject({ memberId: 'n1', clusterId: 'c', maxRequestBytes: 900 * 1024 })
  expect([port.members, socket.getEphemeralKeyInfo()]).toMatchObject([1, { type: 'ECDH' }])
})

test('HTTP and the client protocol are served beside sealed connections', async () => {
  const { dial, open } = await startPort({ seal: await seal(OLD) })
  const [http, client] = [await dial(), await open()]
  http.send(GET)
  client.ask(1, RequestKind.Status).flush()
  await Promise.all([http.until(() => http.statuses.length === 1), client.answered(1)])
  expect([http.statuses, client.errorOf(1)]).toEqual([[200], null])
})

test('a sealed connection that sends no client protocol is ended', async () => {
  const errors: string[] = []
  const sealing = await seal(OLD)
  const { address } = await sealedPort(
    sealing,
    () => {},
    (error) => errors.push(error.message),
  )
  await new Promise<void>((resolve) => {
    const connection = sealing.connector.connect(`127.0.0.1:${address}`, {
      onOpen: () => void connection.write(Buffer.from(GET)),
      onData: () => {},
      onDrain: () => {},
      onClose: () => resolve(),
    })
  })
  expect(errors).toHaveLength(1)
})

test.each([
  ['refuses', '::1'],
  // In the range for documentation: nobody is there.
  ['is silent', '2001:db8::1'],
])('a sealed connection to a name with several addresses, of which the first %s, is made to the next', async (_how, first) => {
  const sealing = await seal(OLD)
  const { address } = await sealedPort(sealing, () => {})
  const opened = await new Promise<string>((resolve) => {
    const events = {
      onOpen: () => resolve('open'),
      onData: () => {},
      onDrain: () => {},
      onClose: (error: Error | null) => resolve(`${error}`),
    }
    const connection = sealing.connect(`member.test:${address}`, events, (_host, _options, done) =>
      done(null, [
        { address: first, family: 6 },
        { address: '127.0.0.1', family: 4 },
      ]),
    )
    onTestFinished(() => connection.close())
  })
  expect(opened).toBe('open')
})
