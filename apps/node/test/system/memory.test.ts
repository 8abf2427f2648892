import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { ClientEndpoint, RequestKind } from '@raft/client/protocol'
import { encodeTransaction } from '@raft/commands'
import { expect, test } from 'vitest'
import type { MemberProcess } from '../../src/local/member-process.js'
import { put, startCluster, until } from './harness.js'

const MB = 1e6
/** What README.md says, and no data. */
const STATED_BYTES = 857 * MB
/** Where the kernel says how much memory a process has taken at most. */
const isMeasured = existsSync('/proc/self/status')

/** The most memory that the process has had, in bytes. */
function peakOf({ pid }: MemberProcess): number {
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  if (peak === null) throw new Error(`the kernel does not say what process ${pid} has taken`)
  return Number(peak[1]) * 1024
}

function statusOfPut(member: MemberProcess, key: string, value: Uint8Array): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(`${member.url}/v1/kv/${key}`, { method: 'PUT', agent: false }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    sent.on('error', () => resolve(0))
    sent.end(value)
  })
}

test.runIf(isMeasured)(
  '250 puts of 8 MiB at a member without a leader take no more memory than is stated (issue 18)',
  async () => {
    const cluster = await startCluster()
    const [lonely, ...others] = cluster.members
    if (lonely === undefined) throw new Error('no member')
    await Promise.all(others.map((member) => member.end('SIGKILL')))
    const value = Buffer.alloc(8 * 2 ** 20, 'v')
    const statuses = await Promise.all(Array.from({ length: 250 }, (_, i) => statusOfPut(lonely, `k${i}`, value)))
    // An election may be lost while they come: a write that was appended before has an unknown outcome.
    expect(statuses.filter((status) => status !== 503 && status !== 504)).toEqual([])
    expect(peakOf(lonely)).toBeLessThan(STATED_BYTES)
    await until('nothing is held any more', async () => {
      const metrics = await (await fetch(`${lonely.url}/metrics`)).text()
      return /^raft_held_bytes 0$/m.test(metrics)
    })
  },
  120_000,
)

test.runIf(isMeasured)(
  'a command that asks for gigabytes takes little memory, then and at the next start (issue 18)',
  async () => {
    const hosts = [{ address: '127.0.0.1', launcher: ['env', 'NODE_OPTIONS=--max-old-space-size=64'] }]
    const cluster = await startCluster({ hosts })
    const [member] = cluster.members
    if (member === undefined) throw new Error('no member')
    const keys = ['a', 'b', 'c', 'd']
    for (const key of keys) expect((await put(member, key, key.repeat(3_900_000))).status).toBe(200)
    const command = encodeTransaction({
      compare: [],
      success: keys.map((key) => ({ type: 'get' as const, key: Buffer.from(key) })),
      failure: [],
    })
    const [host = '', port = ''] = member.clientAddress.split(':')
    const client = new ClientEndpoint({ onGreeting: () => {}, onResponse: () => {} })
    const socket = connect(Number(port), host)
    const transactions = 150
    for (let id = 1; id <= transactions; id++) client.request(id, RequestKind.Write, 0, command)
    const frame = client.take() as Uint8Array
    expect(frame.length).toBeLessThan(10_000)
    socket.write(frame)
    // It takes no answers.
    socket.pause()
    await until('all are applied', async () => {
      const { appliedIndex, commitIndex } = (await member.getJson('/v1/status')) as { appliedIndex: number; commitIndex: number }
      return appliedIndex === commitIndex && appliedIndex > transactions
    })
    expect(peakOf(member)).toBeLessThan(400 * MB)
    socket.destroy()
    await member.end('SIGKILL')
    member.start()
    await member.ready()
    expect(peakOf(member)).toBeLessThan(250 * MB)
    expect((await put(member, 'e', '1')).status).toBe(200)
  },
  120_000,
)
