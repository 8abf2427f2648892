import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { anyPorts } from '@raft/node/local'
import { processorTime, residentMemory } from './process-usage.js'
import type { Subject, SubjectOptions, Usage } from './subject.js'

interface EtcdMember {
  readonly name: string
  readonly client: string
  readonly peer: string
  child: ChildProcess | null
}

interface EtcdStatus {
  readonly header: { readonly member_id: string; readonly raft_term: string }
  readonly leader: string
  readonly raftTerm: string
}

const START_TIMEOUT = 30_000

/** Members of etcd as it comes: durable, default timings, no TLS. */
export class EtcdSubject implements Subject {
  readonly kind = 'etcd'
  readonly name = 'etcd'
  readonly #directory: string
  readonly #members: readonly EtcdMember[]

  private constructor(directory: string, members: readonly EtcdMember[]) {
    this.#directory = directory
    this.#members = members
  }

  static async create({ members, directory }: SubjectOptions): Promise<EtcdSubject> {
    const ports = await anyPorts(members)
    const peers = await anyPorts(members)
    const created = ports.map(({ client }, i) => ({
      name: `e${i + 1}`,
      client: `127.0.0.1:${client}`,
      peer: `127.0.0.1:${peers[i]?.client ?? 0}`,
      child: null,
    }))
    return new EtcdSubject(directory, created)
  }

  get addresses(): readonly string[] {
    return this.#members.map(({ client }) => client)
  }

  async start(): Promise<void> {
    mkdirSync(this.#directory, { recursive: true })
    for (const member of this.#members) if (member.child === null) this.#spawn(member)
    const deadline = Date.now() + START_TIMEOUT
    while (Date.now() < deadline) {
      const states = await Promise.all(this.#members.map(statusOf))
      if (states.every((state) => state !== null && state.leader !== '0' && state.leader !== undefined)) return
      await sleep(50)
    }
    throw new Error(`etcd does not serve: ${this.#log('e1')}`)
  }

  async end({ erase = false } = {}): Promise<void> {
    await Promise.all(
      this.#members.map(async ({ child }) => {
        if (child === null) return
        const exited = once(child, 'exit')
        child.kill('SIGKILL')
        await exited
      }),
    )
    if (erase) for (const { name } of this.#members) rmSync(join(this.#directory, name), { recursive: true, force: true })
  }

  async leaderAddress(): Promise<string> {
    return (await this.#leader()).client
  }

  async killLeader(): Promise<void> {
    const { child } = await this.#leader()
    child?.kill('SIGKILL')
  }

  async term(): Promise<number> {
    return Number((await statusOf(await this.#leader()))?.raftTerm)
  }

  async usage(): Promise<Usage> {
    const leader = await this.#leader()
    const pids = this.#members.flatMap(({ child }) => child?.pid ?? [])
    return {
      leader: leader.child?.pid === undefined ? 0 : processorTime(leader.child.pid),
      all: pids.reduce((sum, pid) => sum + processorTime(pid), 0),
      memory: Math.max(...pids.map(residentMemory)),
      collecting: null,
    }
  }

  async #leader(): Promise<EtcdMember> {
    const deadline = Date.now() + START_TIMEOUT
    while (Date.now() < deadline) {
      for (const member of this.#members) {
        const status = await statusOf(member)
        if (status !== null && status.leader === status.header.member_id) return member
      }
      await sleep(20)
    }
    throw new Error('etcd has no leader')
  }

  #spawn(member: EtcdMember): void {
    const log = openSync(join(this.#directory, `${member.name}.log`), 'a')
    const peers = this.#members.map(({ name, peer }) => `${name}=http://${peer}`).join(',')
    const flags = {
      name: member.name,
      'data-dir': join(this.#directory, member.name),
      'listen-client-urls': `http://${member.client}`,
      'advertise-client-urls': `http://${member.client}`,
      'listen-peer-urls': `http://${member.peer}`,
      'initial-advertise-peer-urls': `http://${member.peer}`,
      'initial-cluster': peers,
      // A bench writes more than the two GB that etcd allows by default.
      'quota-backend-bytes': String(16 * 2 ** 30),
      'log-level': 'warn',
    }
    const child = spawn(
      'etcd',
      Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]),
      {
        stdio: ['ignore', log, log],
        // Ctrl-C in a terminal reaches only this process, which ends its members itself.
        detached: true,
      },
    )
    closeSync(log)
    child.once('error', () => {})
    child.once('exit', () => {
      if (member.child === child) member.child = null
    })
    member.child = child
  }

  #log(name: string): string {
    return readFileSync(join(this.#directory, `${name}.log`), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-5)
      .join('\n')
  }
}

async function statusOf(member: EtcdMember): Promise<EtcdStatus | null> {
  if (member.child === null) return null
  const response = await fetch(`http://${member.client}/v3/maintenance/status`, {
    method: 'POST',
    body: '{}',
    signal: AbortSignal.timeout(1000),
  }).catch(() => null)
  return response?.ok === true ? ((await response.json()) as EtcdStatus) : null
}
