import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, type TestContext } from 'vitest'
import { nextPorts, type PortPair } from '../../src/local/free-ports.js'
import type { MemberProcess } from '../../src/local/member-process.js'
import { type Host, ProcessCluster } from '../../src/local/process-cluster.js'

/*
 * Real members for tests: `raft-node start` of the build in dist, on free ports of 127.0.0.1, in a temporary directory.
 *
 *   const cluster = await startCluster()          three members that serve; ended and removed when the test is
 *   cluster.members, cluster.member('n1')         each with start(), signal('SIGSTOP'), end('SIGKILL'), ready(), log, url
 *   const leader = await cluster.leader()         the member that leads now
 *   await put(member, key, value)                 resolves with {status, body}
 *   await get(member, key, 'local')               the same
 *   const writer = startWriter(cluster)           writes key after key to whichever member answers; notes what was acknowledged
 *   await writer.stop(); writer.acknowledged      Map of key to value: none of these may be lost
 */

export const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/** Ports below those that the system gives to connections, in blocks of which each cluster has one. */
const FIRST_PORT = 10_000
const BLOCK = 20
const BLOCKS = 1000
/** Processes that run tests at the same time begin at places that are far apart, although their ids mostly are not. */
let block = (process.pid * 379) % BLOCKS

/** Free ports that no other test of this process is given, though nobody listens there now: a member may be down for a while. */
export function ownPorts(count: number): Promise<PortPair[]> {
  const first = FIRST_PORT + block * BLOCK
  block = (block + 1) % BLOCKS
  return nextPorts(count, first, first + BLOCK / 2)
}

export interface StartOptions {
  /** Default 3, or as many as there are hosts. */
  readonly members?: number
  /** Where they live; default: on 127.0.0.1. */
  readonly hosts?: readonly Host[]
  /** More of cluster.json. */
  readonly config?: object
  readonly arguments?: readonly string[]
  /** The test with which the cluster ends. It must be given where tests run at the same time; default: the only one that runs. */
  readonly test?: Pick<TestContext, 'onTestFinished'>
}

/** A cluster with its files written, and nothing started. It ends with the test. */
export async function makeCluster({
  hosts = [],
  members = hosts.length || 3,
  config = {},
  arguments: args = [],
  test = { onTestFinished },
}: StartOptions = {}): Promise<ProcessCluster> {
  if (!existsSync(CLI)) throw new Error(`${CLI} is not there: build first (pnpm build)`)
  const directory = mkdtempSync(join(tmpdir(), 'raft-node-'))
  const cluster = new ProcessCluster({ directory, cli: CLI, ports: await ownPorts(members), hosts, config, arguments: args })
  test.onTestFinished(async () => {
    await cluster.end('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  })
  return cluster
}

/** A cluster whose members all serve. It ends with the test. */
export async function startCluster(options?: StartOptions): Promise<ProcessCluster> {
  const cluster = await makeCluster(options)
  await cluster.start()
  return cluster
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

async function request(member: MemberProcess, method: string, path: string, body?: string | Uint8Array, timeout = 10_000): Promise<Answer> {
  const response = await fetch(`${member.url}${path}`, {
    method,
    signal: AbortSignal.timeout(timeout),
    ...(body === undefined ? {} : { body }),
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

export function put(member: MemberProcess, key: string, value: string, timeout?: number): Promise<Answer> {
  return request(member, 'PUT', `/v1/kv/${encodeURIComponent(key)}`, value, timeout)
}

/** The bare value, with 404 where there is none. */
export function get(member: MemberProcess, key: string, consistency = 'linearizable'): Promise<Answer> {
  return request(member, 'GET', `/v1/kv/${encodeURIComponent(key)}?raw&consistency=${consistency}`)
}

export interface Writer {
  /** What a member has answered 200 to. */
  readonly acknowledged: ReadonlyMap<string, string>
  /** When the last answer 200 came, as `performance.now`; the longest time between two. */
  readonly longestPause: number
  stop(): Promise<void>
}

/** Writes one key after the other, to the next member whenever one fails, until it is stopped. */
export function startWriter(cluster: ProcessCluster, prefix = 'w'): Writer {
  const acknowledged = new Map<string, string>()
  let stopped = false
  let lastAt = performance.now()
  let longestPause = 0
  const run = async () => {
    let target = 0
    for (let n = 0; !stopped; n++) {
      const member = cluster.members[target % cluster.members.length] as MemberProcess
      const answer = await put(member, `${prefix}${n}`, `value ${n}`, 1000).catch(() => null)
      if (answer?.status === 200) {
        acknowledged.set(`${prefix}${n}`, `value ${n}`)
        longestPause = Math.max(longestPause, performance.now() - lastAt)
        lastAt = performance.now()
      } else {
        target += 1
        // A member that is down refuses at once: do not spin.
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
  }
  const running = run()
  return {
    acknowledged,
    get longestPause() {
      return longestPause
    },
    stop: async () => {
      stopped = true
      await running
    },
  }
}

/** There may be thousands of keys, each read on every member: that takes longer than the test itself when they are read one by one. */
const READS_AT_ONCE = 8

/** Keys that were acknowledged and that this member does not give back as they were. */
async function lost(writer: Writer, member: MemberProcess, consistency = 'linearizable'): Promise<string[]> {
  const missing: string[] = []
  const left = writer.acknowledged.entries()
  const readOn = async () => {
    for (const [key, value] of left) {
      const answer = await get(member, key, consistency)
      if (answer.status !== 200 || answer.text !== value) missing.push(`${key}: ${answer.status} ${answer.text}`)
    }
  }
  await Promise.all(Array.from({ length: READS_AT_ONCE }, readOn))
  return missing
}

/** Until `holds` gives true. @throws Error naming what was waited for */
export async function until(what: string, holds: () => boolean | Promise<boolean>, timeout = 15_000): Promise<void> {
  const deadline = performance.now() + timeout
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`gave up waiting until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** All members but this one. */
export const others = (cluster: ProcessCluster, not: MemberProcess) => cluster.members.filter((member) => member !== not)

async function digestOf(member: MemberProcess): Promise<string> {
  const { appliedIndex, digest } = (await member.getJson('/v1/status?digest')) as { appliedIndex: number; digest: string }
  return `${appliedIndex} ${digest}`
}

/** Nothing acknowledged is lost, on any member, and all hold the same state. */
export async function expectWhole(cluster: ProcessCluster, writer: Writer): Promise<void> {
  expect(writer.acknowledged.size).toBeGreaterThan(10)
  await until('all members hold the same state', async () => {
    const states = await Promise.all(cluster.members.map(digestOf))
    return new Set(states).size === 1
  })
  const missing = await Promise.all(cluster.members.map((member) => lost(writer, member, 'local')))
  expect(missing).toEqual(cluster.members.map(() => []))
}

/** Until so many more writes are acknowledged than now. */
export const acknowledgedMore = (writer: Writer, count = 20) => {
  const goal = writer.acknowledged.size + count
  return until('more writes are acknowledged', () => writer.acknowledged.size >= goal)
}
