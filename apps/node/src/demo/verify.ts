import { now, setTimeout } from '@raft/system'
import type { MemberProcess } from '../local/member-process.js'
import type { ProcessCluster } from '../local/process-cluster.js'
import { type CityRecord, PREFIX } from './cities.js'

interface Status {
  readonly appliedIndex: number
  readonly keys: number
  readonly revision: number
  readonly digest: string
}

interface Page {
  readonly entries: readonly { readonly key: string; readonly value: string }[]
  readonly next: string | null
}

const PAGE = 5000
const CATCH_UP_TIMEOUT = 60_000

/** Until all members have applied the same; the digest of the state that all of them hold. @throws Error when they differ */
export async function agreedState(cluster: ProcessCluster): Promise<Status> {
  const deadline = now() + CATCH_UP_TIMEOUT
  for (;;) {
    const applied = (await Promise.all(cluster.members.map((member) => member.getJson('/v1/status')))) as Status[]
    if (new Set(applied.map((status) => status.appliedIndex)).size === 1) break
    if (now() > deadline) throw new Error(`the members are still apart: ${applied.map((status) => status.appliedIndex).join(', ')}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  // One after the other: a digest holds its member up for a moment.
  const states: Status[] = []
  for (const member of cluster.members) states.push((await member.getJson('/v1/status?digest', 30_000)) as Status)
  const [first] = states
  if (first === undefined || new Set(states.map(({ digest, revision }) => `${revision} ${digest}`)).size !== 1) {
    throw new Error(`the members hold different states: ${JSON.stringify(states)}`)
  }
  return first
}

/** Reads every record from this member's own state and compares the bytes. @throws Error naming the first that differs */
export async function verifyMember(member: MemberProcess, records: readonly CityRecord[]): Promise<void> {
  let at = 0
  let after: string | null = null
  do {
    const query = new URLSearchParams({ prefix: PREFIX, limit: String(PAGE), consistency: 'local', ...(after === null ? {} : { after }) })
    const page = (await member.getJson(`/v1/kv?${query}`, 30_000)) as Page
    for (const { key, value } of page.entries) {
      const record = records[at++]
      if (record === undefined || record.key !== key || Buffer.compare(record.value, Buffer.from(value, 'utf8')) !== 0) {
        throw new Error(`${member.id} holds ${key} = ${value} where ${record?.key} = ${record && Buffer.from(record.value)} was written`)
      }
    }
    after = page.next
  } while (after !== null)
  if (at !== records.length) throw new Error(`${member.id} holds ${at} of ${records.length} records`)
}
