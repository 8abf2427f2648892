import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { connect } from '@raft/client'
import { anyPorts } from '@raft/node/local'
import { afterAll, expect, test } from 'vitest'

const program = fileURLToPath(new URL('../../dist/replicated-member.js', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'raft-replicated-'))
const TIMES = 20

interface Said {
  readonly event: string
  readonly id: string
  readonly counted: number
  readonly unknown: number
  readonly scheduler: { readonly term: number; readonly id: string }
}

const running = new Map<string, ChildProcess>()
const said: Said[] = []
let heard = () => {}

afterAll(async () => {
  await Promise.all([...running.values()].map((member) => end(member, 'SIGTERM')))
  rmSync(directory, { recursive: true, force: true })
})

function start(id: string, members: object): void {
  const settings = { id, members, secret: 'a secret of the members of this test', dataDir: join(directory, id), times: TIMES }
  const member = spawn(process.execPath, [program, JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'inherit'] })
  running.set(id, member)
  createInterface({ input: member.stdout }).on('line', (line) => {
    said.push(JSON.parse(line))
    heard()
  })
}

async function end(member: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (member.exitCode !== null || member.signalCode !== null) return
  const exit = once(member, 'exit')
  member.kill(signal)
  await exit
}

/** What `find` finds in all that was said, as soon as it does. */
async function until<T>(find: () => T | undefined): Promise<T> {
  for (;;) {
    const found = find()
    if (found !== undefined) return found
    await new Promise<void>((resolve) => {
      heard = resolve
    })
  }
}

const schedulers = () => said.filter(({ event }) => event === 'leading').map(({ scheduler }) => scheduler)

test('three processes share a value, a map and a list, and another takes over the job when the leader is killed', async () => {
  const ids = ['n1', 'n2', 'n3']
  const ports = await anyPorts(ids.length)
  const addresses = ports.map(({ peer, client }) => ({ peer: `127.0.0.1:${peer}`, client: `127.0.0.1:${client}` }))
  const members = Object.fromEntries(ids.map((id, i) => [id, addresses[i]]))
  for (const id of ids) start(id, members)
  const done = await until(() => {
    const found = said.filter(({ event }) => event === 'done')
    return found.length === ids.length ? found : undefined
  })
  const counted = done.reduce((sum, one) => sum + one.counted, 0)
  const unknown = done.reduce((sum, one) => sum + one.unknown, 0)

  const before = await until(() => schedulers().at(-1))
  const leader = running.get(before.id)
  expect(leader).toBeDefined()
  if (leader !== undefined) await end(leader, 'SIGKILL')
  const after = await until(() => schedulers().find(({ id, term }) => id !== before.id && term > before.term))

  const client = await connect({ members: addresses.map(({ client: address }) => address) })
  const total = (await client.get('counter')) as number
  expect(total).toBeGreaterThanOrEqual(counted)
  expect(total).toBeLessThanOrEqual(counted + unknown)
  expect(counted + unknown).toBe(ids.length * TIMES)
  for (const id of ids) expect(await client.get(`members/${id}`)).toEqual({ counted: done.find((one) => one.id === id)?.counted })
  expect([...((await client.get('finished')) as string[])].sort()).toEqual(ids)
  expect(((await client.get('scheduler')) as typeof after).term).toBeGreaterThanOrEqual(after.term)
  await client.close()
})
