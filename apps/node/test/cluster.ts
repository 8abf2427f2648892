import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogWrite } from '@raft/core'
import { MemoryLogStorage } from '@raft/core/memory'
import { onTestFinished } from 'vitest'
import { type Codec, type CreateNodeOptions, createNode, nodeClock, type RaftNode, text } from '../src/index.js'
import { anyPorts, type PortPair } from '../src/local/free-ports.js'
import { errorsTo } from '../src/options.js'

export const SECRET = randomBytes(32).toString('hex')

export interface InProcessCluster<V = string> {
  readonly nodes: readonly RaftNode<V>[]
  readonly members: CreateNodeOptions['members']
  /** `host:port` of each member's client address, in order. */
  readonly addresses: readonly string[]
  readonly options: (id: string) => CreateNodeOptions<V> & { readonly codec: Codec<V> }
  leader(): RaftNode<V>
  followers(): readonly RaftNode<V>[]
  url(node: Pick<RaftNode, 'id'>): string
}

/** Members of one process, with real sockets and logs in memory; values are text unless a codec is given. They stop with the test. */
export async function startInProcess<V = string>(
  count = 3,
  more: Partial<CreateNodeOptions<V>> = {},
  started = count,
): Promise<InProcessCluster<V>> {
  const ports = await anyPorts(count)
  const members = Object.fromEntries(
    ports.map(({ peer, client }, i) => [`n${i + 1}`, { peer: `127.0.0.1:${peer}`, client: `127.0.0.1:${client}` }]),
  )
  const options = (id: string) => ({
    id,
    members,
    secret: SECRET,
    storage: new MemoryLogStorage(nodeClock),
    stopTimeout: 500,
    logger: silentLogger,
    ...more,
    codec: more.codec ?? (text as Codec<unknown> as Codec<V>),
  })
  const nodes: RaftNode<V>[] = []
  onTestFinished(async () => {
    await Promise.all(nodes.map((node) => node.stop()))
  })
  for (const id of Object.keys(members).slice(0, started))
    nodes.push(await createNode<V>(options(id) as Parameters<typeof createNode<V>>[0]))
  if (started * 2 > count) await Promise.all(nodes.map((node) => node.waitForLeader({ signal: AbortSignal.timeout(10_000) })))
  const leader = () => {
    const found = nodes.find((node) => node.role === 'leader')
    if (found === undefined) throw new Error('no leader')
    return found
  }
  return {
    nodes,
    members,
    addresses: Object.values(members).map(({ client }) => client),
    options,
    leader,
    followers: () => nodes.filter((node) => node.role !== 'leader'),
    url: (node) => `http://${members[node.id]?.client}`,
  }
}

/** What members that die on purpose say is not shown. */
export const silentLogger = errorsTo(() => {})

/** A log in memory whose writes fail when the test says so. */
export class FailingStorage extends MemoryLogStorage {
  fails = false

  constructor() {
    super(nodeClock)
  }

  override write(write: LogWrite, done: (error: Error | null) => void): void {
    if (this.fails) nodeClock.defer(() => done(new Error('the disk is full')))
    else super.write(write, done)
  }
}

/** Free ports for one member. */
export async function onePair(): Promise<PortPair> {
  const [pair] = await anyPorts(1)
  if (pair === undefined) throw new Error('no free ports')
  return pair
}

/** A directory that goes with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'raft-node-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
