import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, openSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { anyPorts } from '../../src/local/free-ports.js'
import type { MemberProcess } from '../../src/local/member-process.js'
import { ProcessCluster } from '../../src/local/process-cluster.js'
import { temporaryDirectory } from '../cluster.js'
import { CLI, put, until } from './harness.js'

/** Each is warned of at the start, in a line of more than 150 bytes. */
const UNKNOWN_VARIABLES = 3000

interface Held {
  /** For the process: where it writes to. */
  readonly stdio: number | 'pipe'
  /** Everything that has been written since the last call; for a pipe of Node's, all that has come. */
  read(): string
}

/** The pipe is there, with its reading end open, and nobody reads. */
function heldPipe(): Held & { readonly reader: number; readonly writer: number } {
  const path = join(temporaryDirectory(), 'stderr')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY)
  onTestFinished(() => closeSync(writer))
  return { stdio: writer, reader, writer, read: () => readAll(reader) }
}

function readAll(reader: number): string {
  const pieces: Buffer[] = []
  const piece = Buffer.alloc(64 * 1024)
  try {
    for (let length = readSync(reader, piece); length > 0; length = readSync(reader, piece))
      pieces.push(Buffer.from(piece.subarray(0, length)))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
  }
  return Buffer.concat(pieces).toString()
}

/** Fills the pipe to the brim. */
function fill(pipe: { readonly writer: number }): void {
  const again = openSync(`/proc/self/fd/${pipe.writer}`, constants.O_WRONLY | constants.O_NONBLOCK)
  try {
    for (const line of [`${'-'.repeat(1023)}\n`, '\n']) {
      try {
        for (;;) writeSync(again, line)
      } catch {
        // There is no room for another.
      }
    }
  } finally {
    closeSync(again)
  }
}

/** `raft-node start`, with its stderr at what is held; a socket is what Node makes of 'pipe'. */
function startHeld(args: readonly string[], stdio: number | 'pipe', env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [CLI, 'start', ...args], {
    stdio: ['ignore', 'ignore', stdio],
    env: { PATH: process.env['PATH'] ?? '', ...env },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { child, exited }
}

async function files(members: number) {
  const cluster = new ProcessCluster({ directory: temporaryDirectory(), cli: CLI, ports: await anyPorts(members) })
  const args = ({ id, dataDir }: { id: string; dataDir: string }) => ['--id', id, '--config', cluster.config, '--data-dir', dataDir]
  return { cluster, args }
}

/** Until a write to this member is served. */
function serves(member: MemberProcess): Promise<void> {
  const isServed = () =>
    put(member, 'k', 'v', 2000).then(
      ({ status }) => status === 200,
      () => false,
    )
  return until(`${member.id} serves`, isServed)
}

const parse = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>)

test.each(['a pipe', 'a socket'])(
  'members whose log nobody reads, as %s, serve on, and say how many lines are missing when somebody does',
  async (kind) => {
    const { cluster, args } = await files(3)
    const env = Object.fromEntries(Array.from({ length: UNKNOWN_VARIABLES }, (_, i) => [`RAFT_UNKNOWN_${'X'.repeat(40)}_${i}`, '1']))
    const started = cluster.members.map((member) => {
      const held = kind === 'a pipe' ? heldPipe() : null
      const { child, exited } = startHeld(args(member), held?.stdio ?? 'pipe', env)
      let text = ''
      const log = () => {
        if (held !== null) text += held.read()
        else if (child.stderr?.listenerCount('data') === 0) {
          child.stderr.on('data', (chunk: Buffer) => {
            text += chunk.toString()
          })
        }
        return text
      }
      return { child, exited, log }
    })
    for (const member of cluster.members) await serves(member)
    for (let i = 0; i < 50; i++) for (const member of cluster.members) expect((await put(member, `k${i}`, 'v')).status).toBe(200)
    for (const { child, exited, log } of started) {
      await until('a line says how many are missing', () => log().includes('"dropped":'))
      child.kill('SIGTERM')
      await until('the last line has come', () => log().includes('"msg":"stopped"'))
      expect(await exited).toBe(0)
      const lines = parse(log())
      const warnings = lines.filter(({ msg }) => String(msg).includes('RAFT_UNKNOWN_'))
      const dropped = lines.map((line) => Number(line['dropped'] ?? 0)).reduce((sum, count) => sum + count, 0)
      expect(warnings.length).toBeLessThan(UNKNOWN_VARIABLES)
      expect(warnings.length + dropped).toBeGreaterThanOrEqual(UNKNOWN_VARIABLES)
      expect(warnings.length + dropped).toBeLessThan(UNKNOWN_VARIABLES + 100)
    }
  },
)

test('a member that cannot start ends though nobody reads why, and so does one that is told to stop', async () => {
  const { cluster, args } = await files(1)
  const [member] = cluster.members
  if (member === undefined) throw new Error('no member')
  const pipe = heldPipe()
  fill(pipe)
  expect(await startHeld(['--id', 'n9', ...args(member).slice(2)], pipe.stdio).exited).toBe(1)
  const { child, exited } = startHeld(args(member), pipe.stdio)
  await serves(member)
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
})

test('a reader of the log that has gone harms nobody', async () => {
  const { cluster, args } = await files(1)
  const [member] = cluster.members
  if (member === undefined) throw new Error('no member')
  const pipe = heldPipe()
  const { child, exited } = startHeld(args(member), pipe.stdio)
  closeSync(pipe.reader)
  await serves(member)
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
})

test("what Node would say itself, of a fault that nobody caught or as a warning, is logged, and nobody's reading is waited for", async () => {
  const { cluster, args } = await files(1)
  const [member] = cluster.members
  if (member === undefined) throw new Error('no member')
  const fault = join(temporaryDirectory(), 'fault.cjs')
  writeFileSync(
    fault,
    "setTimeout(() => process.emitWarning('odd'), 1000); setTimeout(() => { throw new Error('nobody catches this') }, 2000)",
  )
  const env = { NODE_OPTIONS: `--require ${fault}` }
  const pipe = heldPipe()
  expect(await startHeld(args(member), pipe.stdio, env).exited).toBe(1)
  expect(parse(pipe.read())).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ level: 40, msg: 'a warning of Node.js', err: expect.objectContaining({ message: 'odd' }) }),
      expect.objectContaining({ level: 60, err: expect.objectContaining({ message: 'nobody catches this' }) }),
    ]),
  )
  fill(pipe)
  expect(await startHeld(args(member), pipe.stdio, env).exited).toBe(1)
})
