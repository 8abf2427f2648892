import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bytes, connect as connectClient } from '@raft/client'
import { encodeClientPreamble } from '@raft/client/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { anyPorts } from '../../src/local/free-ports.js'
import type { MemberProcess } from '../../src/local/member-process.js'
import { CLI, get, startCluster, until } from './harness.js'

/** Issue 19: clients that held all file descriptors killed the member at its next segment. */

const LIMIT = 200
const limited = (limit: number) => ['sh', '-c', `ulimit -n ${limit} && exec "$@"`, 'sh']

/** What clients say that then hold their connection: nothing, that they speak the client protocol, a request over HTTP. */
const BEGINNINGS = ['', Buffer.from(encodeClientPreamble()), 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n']

/** Many more connections than the member has descriptors, held as long as it lets them. */
async function holdConnections({ clientAddress }: MemberProcess): Promise<{ readonly open: () => number; end(): void }> {
  const [host = '', port = ''] = clientAddress.split(':')
  const sockets = new Set<Socket>()
  const end = () => {
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(end)
  for (let i = 0; i < 5 * LIMIT; i++) {
    const socket = connect(Number(port), host)
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    await new Promise<void>((resolve) => {
      socket.on('error', () => resolve())
      socket.on('connect', () => resolve())
    })
    socket.write(BEGINNINGS[i % BEGINNINGS.length] ?? '')
    socket.resume()
  }
  return { open: () => sockets.size, end }
}

test.skipIf(process.platform === 'win32')(
  'a member of which clients hold all connections writes segment after segment, and serves new ones when they have gone',
  async () => {
    const hosts = Array.from({ length: 3 }, () => ({ address: '127.0.0.1', launcher: limited(LIMIT) }))
    const cluster = await startCluster({ hosts })
    const leader = await cluster.leader()
    expect(leader.log).toContain('fewer clients are served at one time than maxConnections')
    const client = await connectClient({ members: [leader.clientAddress], codec: bytes, requestTimeout: 60_000 })
    onTestFinished(() => client.close())
    const value = Buffer.alloc(1024 * 1024, 'v')
    await client.put('before', value)
    const holders = await holdConnections(leader)
    expect(holders.open()).toBeGreaterThan(LIMIT / 4)
    for (let i = 0; i < 70; i++) await client.put(`k${i}`, value)
    expect(holders.open()).toBeGreaterThan(LIMIT / 4)
    expect(cluster.members.map(({ running }) => running)).toEqual([true, true, true])
    holders.end()
    await until('new connections are served', async () => (await get(leader, 'k69').catch(() => null))?.status === 200)
  },
)

/** An application with a member in it, which holds all descriptors of its process for a while. */
const HOARDER = `
import { closeSync, openSync } from 'node:fs'
const { createNode } = await import(process.argv[1])
const warnings = []
const logger = { info() {}, warn: (_details, message) => warnings.push(message), error: (_details, message) => console.log(message) }
const node = await createNode({ id: 'n1', members: { n1: { peer: process.argv[2] } }, secret: 'sixteen bytes or more', dataDir: process.argv[3], logger })
await node.waitUntilLeader('n1')
await node.put('k', 'v')
const hoard = []
const hold = () => {
  try {
    for (;;) hoard.push(openSync('/dev/null'))
  } catch {}
}
hold()
const holding = setInterval(hold, 10)
const value = Buffer.alloc(4 * 1024 * 1024)
let acknowledged = 0
const writes = Array.from({ length: 12 }, (_, i) => node.put('k' + i, value, { timeout: 60_000 }).then(() => acknowledged += 1))
while (warnings.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
const before = acknowledged
clearInterval(holding)
for (const descriptor of hoard) closeSync(descriptor)
await Promise.all(writes)
await node.stop()
console.log(JSON.stringify({ waited: before < 12, acknowledged, warnings }))
`

test.skipIf(process.platform === 'win32')(
  'a member whose application takes all descriptors waits for one, and every write is acknowledged in the end',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'raft-node-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const [port] = await anyPorts(1)
    const module = fileURLToPath(new URL('index.js', `file://${CLI}`))
    const [command = '', ...args] = limited(100)
    const given = ['--input-type=module', '-e', HOARDER, module, `127.0.0.1:${port?.peer}`, join(directory, 'data')]
    const child = spawn(command, [...args, process.execPath, ...given], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect([code, JSON.parse(output)]).toEqual([
      0,
      { waited: true, acknowledged: 12, warnings: [expect.stringContaining('cannot be opened, for the process has as many files open')] },
    ])
  },
)
