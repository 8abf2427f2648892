import { createNode, type MemberAddresses, OutcomeUnknownError, type RaftNode } from '@raft/node'
import { ReplicatedList, ReplicatedMap, ReplicatedValue } from './replicated.js'

/*
 * A member of a cluster that shares a counter, a map and a list, and does something when it comes to lead. It prints a line of JSON for
 * whatever happens, and runs until SIGTERM.
 *
 *   node replicated-member.js '{"id":"n1","members":{"n1":{"peer":"127.0.0.1:7001","client":"127.0.0.1:8001"}},…}'
 */

interface Settings {
  readonly id: string
  readonly members: Readonly<Record<string, MemberAddresses>>
  readonly secret: string
  readonly dataDir: string
  /** How often this member counts. */
  readonly times: number
}

/** Who does the job of the leader, and in which term. */
type Scheduler = { readonly term: number; readonly id: string }

const { id, members, secret, dataDir, times } = JSON.parse(process.argv[2] ?? '{}') as Settings

const say = (event: string, details: object = {}) => process.stdout.write(`${JSON.stringify({ event, id, ...details })}\n`)

const starting = createNode({
  id,
  members,
  secret,
  dataDir,
  onLeader: ({ term, signal }) => startJob(term, signal),
  onFollower: ({ term, leaderId }) => say('following', { term, leaderId }),
})

/**
 * The signal comes late where this process was paused: an older leader may still believe that it leads. So the term is the fencing token:
 * the job's state carries it, and compare-and-set refuses a write from an older term.
 */
async function startJob(term: number, signal: AbortSignal): Promise<void> {
  signal.addEventListener('abort', () => say('no longer leading', { term }), { once: true })
  // A member that is alone may lead before `createNode` has returned.
  const scheduler = await schedulerOf(await starting).update((current) => {
    if (current !== undefined && current.term > term) throw new Error(`member ${current.id} does the job in term ${current.term}`)
    return { term, id }
  })
  if (!signal.aborted) say('leading', { scheduler })
}

function schedulerOf(store: RaftNode): ReplicatedValue<Scheduler> {
  return new ReplicatedValue(store, 'scheduler')
}

const node = await starting

/** How often it has certainly counted, and how often nobody can tell. */
async function count(): Promise<{ readonly counted: number; readonly unknown: number }> {
  const counter = new ReplicatedValue<number>(node, 'counter')
  let counted = 0
  let unknown = 0
  for (let i = 0; i < times; i++) {
    try {
      await counter.update((current = 0) => current + 1)
      counted += 1
    } catch (error) {
      if (!(error instanceof OutcomeUnknownError)) throw error
      unknown += 1
    }
  }
  return { counted, unknown }
}

process.once('SIGTERM', () => node.stop())

await node.waitForLeader({ signal: AbortSignal.timeout(30_000) })
const { counted, unknown } = await count()
await new ReplicatedMap<{ counted: number }>(node, 'members').set(id, { counted })
await new ReplicatedList<string>(node, 'finished').append(id)
say('done', { counted, unknown })
