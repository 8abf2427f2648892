import { type Clock, type EntryBatch, Node, type StateMachine } from '@raft/core'
import { MemoryLogStorage, MemoryNetwork } from '@raft/core/memory'
import { nodeClock, nodeRandom } from '@raft/node'
import type { Suite } from '../suite.js'
import { elapsed, PAYLOAD_BYTES, payloads } from './payloads.js'

const MEMBERS = [1, 3, 5, 7]
const BATCHES = [1, 16, 256]
/** Batches that are under way. */
const OUTSTANDING = 4

export const core: Suite = {
  name: 'core',
  description: 'Members in one process, with logs and a network in memory: what consensus itself costs',
  run: async (recorder, { rounds, duration, say }) => {
    for (let round = 0; round < rounds; round++) {
      for (const members of MEMBERS) {
        for (const batch of BATCHES) {
          const rate = await commitRate(members, batch, duration)
          const by = `${batch} ${batch === 1 ? 'command' : 'commands'} at a time`
          recorder.add({ what: 'commands/s committed', at: `${PAYLOAD_BYTES} B`, by, x: { name: 'members', value: members } }, rate)
          say(`core: ${members} members, ${by}: ${Math.round(rate)} commands/s`)
        }
      }
    }
  },
}

/** Counts, and keeps nothing. */
export class CountingMachine implements StateMachine<null> {
  lastApplied = 0

  apply(entries: EntryBatch): null[] {
    this.lastApplied = entries.lastIndex
    return new Array<null>(entries.count).fill(null)
  }
}

async function commitRate(count: number, batch: number, duration: number): Promise<number> {
  const clock: Clock = nodeClock
  const network = new MemoryNetwork(clock)
  const members = Array.from({ length: count }, (_, i) => ({ id: `n${i + 1}`, addresses: {} }))
  let elected: (leader: Node<null>) => void = () => {}
  const leading = new Promise<Node<null>>((resolve) => {
    elected = resolve
  })
  const nodes = members.map(({ id }) => {
    const node: Node<null> = new Node<null>({
      id,
      members,
      storage: new MemoryLogStorage(clock),
      stateMachine: new CountingMachine(),
      transport: network.transport(id),
      clock,
      random: nodeRandom,
      electionTimeout: 150,
      onLeader: () => elected(node),
    })
    return node
  })
  try {
    await Promise.all(nodes.map((node) => node.start()))
    return await proposeFor(await leading, payloads(batch), OUTSTANDING, duration)
  } finally {
    await Promise.all(nodes.map((node) => node.stop()))
  }
}

/** Keeps so many batches of commands under way, each at least once. Commands a second that were acknowledged. */
export async function proposeFor(
  node: Node<null>,
  commands: readonly Uint8Array[],
  outstanding: number,
  duration: number,
): Promise<number> {
  const startedAt = performance.now()
  const until = startedAt + duration
  let acknowledged = 0
  const oneAfterTheOther = () =>
    new Promise<void>((resolve, reject) => {
      let left = 0
      const propose = () => {
        left = commands.length
        for (const command of commands) node.submit(command, done)
      }
      const done = (error: Error | null) => {
        if (error !== null) return reject(error)
        acknowledged += 1
        left -= 1
        if (left > 0) return
        if (performance.now() < until) propose()
        else resolve()
      }
      propose()
    })
  await Promise.all(Array.from({ length: outstanding }, oneAfterTheOther))
  return acknowledged / elapsed(startedAt)
}
