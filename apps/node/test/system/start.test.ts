import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { onePair, temporaryDirectory } from '../cluster.js'
import { CLI, put, startCluster, until } from './harness.js'

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CLI, ...args], { env: { PATH: process.env['PATH'] ?? '', ...env } })
    onTestFinished(() => void child.kill('SIGKILL'))
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

async function files() {
  const directory = temporaryDirectory()
  const { peer, client } = await onePair()
  const config = join(directory, 'cluster.json')
  const dataDir = join(directory, 'data')
  const write = (secret: unknown = 'a secret of sixteen bytes and more') =>
    writeFileSync(config, JSON.stringify({ secret, members: { n1: { peer: `127.0.0.1:${peer}`, client: `127.0.0.1:${client}` } } }))
  write()
  return { directory, config, dataDir, peer, client, write, args: ['start', '--id', 'n1', '--config', config, '--data-dir', dataDir] }
}

function expectOneLine(ended: Ended, pattern: RegExp): void {
  expect(ended.code).toBe(1)
  expect(ended.stderr).toMatch(pattern)
  expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1)
  expect(ended.stdout).toBe('')
}

test('--help and --version answer on stdout and exit with 0', async () => {
  const version = await run(['--version'])
  expect([version.code, version.stdout.trim()]).toEqual([0, '0.1.0'])
  const help = await run(['start', '--help'])
  expect(help.code).toBe(0)
  for (const flag of ['--id', '--config', '--data-dir', '--secret-file', 'RAFT_ID', 'RAFT_SECRET', '--bind-client'])
    expect(help.stdout).toContain(flag)
})

test('what stands in the way of a start is said in one line on stderr, with exit code 1', async () => {
  const { args, config, write, dataDir } = await files()
  expectOneLine(await run(['start']), /id: expected .*config: expected .*data-dir: expected/)
  expectOneLine(await run([...args.slice(0, 2), 'n9', ...args.slice(3)]), /id: expected one of the members .*n1.*found "n9"/)
  expectOneLine(await run([...args, '--heartbeat-interval', '400']), /heartbeatInterval/)
  expectOneLine(await run([...args, '--bind-client', 'nowhere']), /bind-client: expected an address/)
  write('short')
  expectOneLine(await run(args), /secret: expected at least 16 bytes, found 5/)
  expectOneLine(await run(args.map((each) => (each === config ? '/missing.json' : each))), /config: cannot be read/)
  write()
  writeFileSync(dataDir, 'a file where the directory should be')
  expectOneLine(await run(args), /data/)
})

test('flags and variables that are not known are told with all other problems, and what they hold is not', async () => {
  const { args } = await files()
  const ended = await run([...args, '--secret=hunter2', '--bind-clinet', '0.0.0.0:8001'], {
    RAFT_SECRETFILE: 'hunter2',
    RAFT_LOG_LEVEL: 'loud',
  })
  expectOneLine(
    ended,
    /--secret: there is no such flag.*--bind-clinet: .*did you mean --bind-client\?.*log-level: .*did you mean RAFT_SECRET_FILE\?/,
  )
  expect(ended.stderr).not.toContain('hunter2')
  const misplaced = await run(['--secret=hunter2', ...args])
  expect([misplaced.code, misplaced.stderr]).toEqual([1, expect.stringContaining("unknown option '--secret'")])
  expect(misplaced.stderr).not.toContain('hunter2')
})

test('status, get and put ask the members that are named, and end with 1 where there is no answer', async () => {
  const cluster = await startCluster({ members: 1 })
  const [member] = cluster.members
  const asked = { RAFT_MEMBERS: member?.clientAddress ?? '' }
  expect(await run(['put', 'k', 'v'], asked)).toEqual({ code: 0, stdout: 'revision 1\n', stderr: '' })
  expect(await run(['get', 'k'], asked)).toEqual({ code: 0, stdout: 'v', stderr: '' })
  expect(await run(['get', 'missing'], asked)).toEqual({ code: 1, stdout: '', stderr: 'raft-node: there is no key "missing"\n' })
  expect((await run(['status', '--config', cluster.config])).stdout).toMatch(/\nn1 +127\.0\.0\.1:\d+ +leader +n1 /)
  const json = await run(['status', '--json'], asked)
  expect(JSON.parse(json.stdout)).toMatchObject([{ memberId: 'n1', role: 'leader' }])
  for (const command of [
    ['get', 'k'],
    ['put', 'k', 'v'],
  ]) {
    const refused = await run([...command, '--json'], asked)
    expect([refused.code, refused.stdout]).toEqual([1, ''])
    expect(refused.stderr).toBe(`error: unknown option '--json'\n(raft-node ${command[0]} --help lists what can be given)\n`)
  }
  expectOneLine(await run(['get', 'k']), /whom to ask is not known: give --members/)
  await member?.end('SIGTERM')
  expectOneLine(await run(['get', 'k', '--timeout', '300'], asked), /^raft-node: /)
})

test('a port in use is said, for members and for clients', async () => {
  const { args, peer, client } = await files()
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(peer, '127.0.0.1', resolve))
  expectOneLine(await run(args), new RegExp(`cannot listen for members on 127.0.0.1:${peer}.*another process`))
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(client, '127.0.0.1', resolve))
  expectOneLine(await run(args), new RegExp(`cannot listen for clients on 127.0.0.1:${client}.*another process`))
  await new Promise<void>((resolve) => server.close(() => resolve()))
})

test('a directory in use, of another member or of another cluster, is refused', async () => {
  const cluster = await startCluster({ members: 1 })
  const [member] = cluster.members
  if (member === undefined) throw new Error('no member')
  const { peer, client } = await onePair()
  const start = [
    'start',
    '--config',
    cluster.config,
    '--data-dir',
    member.dataDir,
    '--bind-peer',
    `127.0.0.1:${peer}`,
    '--bind-client',
    `127.0.0.1:${client}`,
  ]
  expectOneLine(await run([...start, '--id', 'n1']), /is in use/)
  await member.end('SIGTERM')
  expectOneLine(await run([...start, '--id', 'n1', '--cluster-id', 'another']), /belongs to member n1 of cluster/)
})

test('a damaged log is refused with the file and the place, and nothing is repaired', async () => {
  const cluster = await startCluster({ members: 1 })
  const [member] = cluster.members
  if (member === undefined) throw new Error('no member')
  for (let i = 0; i < 20; i++) expect((await put(member, `k${i}`, 'v'.repeat(2000))).status).toBe(200)
  await member.end('SIGTERM')
  const path = readdirSync(member.dataDir)
    .map((name) => join(member.dataDir, name))
    .find((each) => readFileSync(each).includes('vvvvvvvv'))
  if (path === undefined) throw new Error('no file with the values')
  const bytes = readFileSync(path)
  const at = bytes.indexOf('vvvvvvvv')
  bytes[at] = 0x77
  writeFileSync(path, bytes)
  const ended = await run(['start', '--id', 'n1', '--config', cluster.config, '--data-dir', member.dataDir])
  expectOneLine(ended, /is damaged at byte \d+/)
  expect(readFileSync(path).equals(bytes)).toBe(true)
})

test('a member whose parent has ended before it has started, or that cannot start, does not stay behind for its parent', async () => {
  const { args } = await files()
  const orphan = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  onTestFinished(() => void orphan.kill('SIGKILL'))
  orphan.disconnect()
  expect(await once(orphan, 'exit')).toEqual([0, null])
  const failed = spawn(process.execPath, [CLI, 'start'], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  onTestFinished(() => void failed.kill('SIGKILL'))
  expect(await once(failed, 'exit')).toEqual([1, null])
})

test('a signal that comes behind the end of the parent, as to a group of processes, is not a second one', async () => {
  const { args, client } = await files()
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let log = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString()
  })
  const said = (text: string) => until(`it says ${text}`, () => log.includes(text))
  await said('"started"')
  // Whose body does not come whole: it is under way until the member has no more time to stop.
  const socket = connect(client, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.write('PUT /v1/kv/k HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n')
  await new Promise((resolve) => setTimeout(resolve, 200))
  child.disconnect()
  await said('"stopping"')
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(log).not.toContain('told twice')
})

test('everything can come from the environment', async () => {
  const { config, dataDir, client, directory } = await files()
  mkdirSync(join(directory, 'other'))
  const child = spawn(process.execPath, [CLI, 'start'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      RAFT_ID: 'n1',
      RAFT_CONFIG: config,
      RAFT_DATA_DIR: dataDir,
      RAFT_SECRET: 'a secret of the environment',
      // As a file that lists all of them sets those that nobody filled in.
      RAFT_SECRET_FILE: '',
      RAFT_CLUSTER_ID: '',
      RAFT_BIND_PEER: '',
      RAFT_ELECTION_TIMEOUT: '',
      RAFT_LOG_LEVEL: '',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('"role":"leader"')) resolve()
    })
  })
  expect((await fetch(`http://127.0.0.1:${client}/v1/kv/k`, { method: 'PUT', body: 'v' })).status).toBe(200)
  const exited = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)))
  child.kill('SIGINT')
  expect(await exited).toBe(0)
})

test('an answer of which the reader has seen enough ends the command without a word', async () => {
  const cluster = await startCluster({ members: 1 })
  const [member] = cluster.members
  if (member === undefined) throw new Error('no member')
  expect((await put(member, 'large', 'v'.repeat(4 * 1024 * 1024))).status).toBe(200)
  const child = spawn(process.execPath, [CLI, 'get', 'large', '--members', member.clientAddress], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  child.stdout.once('data', () => child.stdout.destroy())
  const ended = await new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })))
  expect([ended, stderr]).toEqual([{ code: 0, signal: null }, ''])
})
