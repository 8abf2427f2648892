import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { now, setTimeout } from '@raft/system'
import type { PortPair } from './free-ports.js'
import { MemberProcess } from './member-process.js'

export interface Host {
  readonly address: string
  /** Where its member listens, such as `0.0.0.0`; default: at the address. */
  readonly bind?: string
  /** As `MemberProcessOptions.launcher`. */
  readonly launcher: readonly string[]
}

export interface ProcessClusterOptions {
  /** Holds cluster.json, the secret, and each member's data and log. */
  readonly directory: string
  /** Path of the built `cli.js`. */
  readonly cli: string
  readonly ports: readonly PortPair[]
  /** Where each member lives, and what runs it there; without it, on 127.0.0.1. */
  readonly hosts?: readonly Host[]
  /** More of cluster.json, such as timing. */
  readonly config?: object
  /** More flags for every member. */
  readonly arguments?: readonly string[]
}

/** Members n1, n2, … as processes of this machine. */
export class ProcessCluster {
  readonly members: readonly MemberProcess[]
  readonly config: string

  /** Writes cluster.json, and a random secret where there is none yet. Starts nothing. */
  constructor({ directory, cli, ports, hosts = [], config: more, arguments: args }: ProcessClusterOptions) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const secretFile = join(directory, 'secret')
    if (!existsSync(secretFile)) writeFileSync(secretFile, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
    this.config = join(directory, 'cluster.json')
    const members = Object.fromEntries(
      ports.map(({ peer, client }, i) => {
        const { address = '127.0.0.1', bind } = hosts[i] ?? {}
        const at = (host: string) => ({ peer: `${host}:${peer}`, client: `${host}:${client}` })
        return [`n${i + 1}`, { ...at(address), ...(bind === undefined ? {} : { bind: at(bind) }) }]
      }),
    )
    writeFileSync(this.config, `${JSON.stringify({ secret: { file: 'secret' }, members, ...more }, null, 2)}\n`)
    this.members = Object.entries(members).map(
      ([id, { client }], i) =>
        new MemberProcess({
          launcher: hosts[i]?.launcher ?? [],
          id,
          cli,
          config: this.config,
          directory,
          clientAddress: client,
          ...(args === undefined ? {} : { arguments: args }),
        }),
    )
  }

  get addresses(): string[] {
    return this.members.map((member) => member.clientAddress)
  }

  /** Starts every member that does not run, and waits until all serve. */
  async start(): Promise<void> {
    for (const member of this.members) if (!member.running) member.start()
    await Promise.all(this.members.map((member) => member.ready()))
  }

  member(id: string): MemberProcess {
    const found = this.members.find((member) => member.id === id)
    if (found === undefined) throw new Error(`there is no member ${id}`)
    return found
  }

  /** The member that leads, as a running member says that knows one. @throws Error after `timeout` ms */
  async leader(timeout = 20_000): Promise<MemberProcess> {
    const deadline = now() + timeout
    while (now() < deadline) {
      for (const member of this.members) {
        const status = await statusOf(member)
        // Only the leader itself knows that it leads; the others have heard so.
        if (status?.role === 'leader') return member
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error(`no leader within ${timeout} ms`)
  }

  /** Ends every member. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await Promise.all(this.members.filter((member) => member.running).map((member) => member.end(signal)))
  }
}

interface Status {
  readonly role: string
}

async function statusOf(member: MemberProcess): Promise<Status | null> {
  if (!member.running) return null
  return (await member.getJson('/v1/status', 1000).catch(() => null)) as Status | null
}

/** The ports that an existing cluster.json in the directory names; null where there is none that can be read. */
export function portsOf(directory: string): PortPair[] | null {
  try {
    const { members } = JSON.parse(readFileSync(join(directory, 'cluster.json'), 'utf8')) as {
      members: Record<string, { peer: string; client: string }>
    }
    return Object.values(members).map(({ peer, client }) => ({ peer: portOf(peer), client: portOf(client) }))
  } catch {
    return null
  }
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1))
}
