import { mkdirSync, rmSync } from 'node:fs'
import { anyPorts, type MemberProcess, ProcessCluster } from '@raft/node/local'
import { processorTime, residentMemory } from './process-usage.js'
import type { Subject, SubjectOptions, Usage } from './subject.js'

export interface RaftSubjectOptions extends SubjectOptions {
  readonly name: string
  /** Path of the built `cli.js` that the members run. */
  readonly cli: string
}

/** Members of `raft-node`: durable, encrypted, with default timings. */
export class RaftSubject implements Subject {
  readonly kind = 'raft'
  readonly name: string
  readonly #directory: string
  readonly #cluster: ProcessCluster

  private constructor(name: string, directory: string, cluster: ProcessCluster) {
    this.name = name
    this.#directory = directory
    this.#cluster = cluster
  }

  static async create({ name, cli, members, directory }: RaftSubjectOptions): Promise<RaftSubject> {
    const cluster = new ProcessCluster({ directory, cli, ports: await anyPorts(members), arguments: ['--log-level', 'warn'] })
    return new RaftSubject(name, directory, cluster)
  }

  get addresses(): readonly string[] {
    return this.#cluster.addresses
  }

  async start(): Promise<void> {
    mkdirSync(this.#directory, { recursive: true })
    await this.#cluster.start()
    await this.#cluster.leader()
  }

  async end({ erase = false } = {}): Promise<void> {
    await this.#cluster.end('SIGKILL')
    if (erase) for (const { dataDir } of this.#cluster.members) rmSync(dataDir, { recursive: true, force: true })
  }

  async leaderAddress(): Promise<string> {
    return (await this.#cluster.leader()).clientAddress
  }

  async killLeader(): Promise<void> {
    const leader = await this.#cluster.leader()
    leader.signal('SIGKILL')
  }

  async term(): Promise<number> {
    const { term } = (await (await this.#cluster.leader()).getJson('/v1/status')) as { term: number }
    return term
  }

  async usage(): Promise<Usage> {
    const leader = await this.#cluster.leader()
    const pids = this.#cluster.members.flatMap(({ pid }) => pid ?? [])
    return {
      leader: leader.pid === undefined ? 0 : processorTime(leader.pid),
      all: pids.reduce((sum, pid) => sum + processorTime(pid), 0),
      memory: Math.max(...pids.map(residentMemory)),
      collecting: await collecting(leader),
    }
  }
}

async function collecting(member: MemberProcess): Promise<Usage['collecting']> {
  const response = await fetch(`${member.url}/metrics`)
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith('nodejs_gc_duration_seconds_'))
  const sum = (name: string, label = '') =>
    lines
      .filter((line) => line.startsWith(`nodejs_gc_duration_seconds_${name}{`) && line.includes(label))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0)
  return { time: sum('sum') * 1000, longPauses: sum('count') - sum('bucket', 'le="0.01"') }
}
