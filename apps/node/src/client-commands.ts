import { readFileSync } from 'node:fs'
import { bytes, connect, type MemberStatus, type RaftClient } from '@raft/client'
import { parseAddress } from './config/address.js'
import { readCluster } from './config/read-cluster.js'
import { StartError } from './errors.js'

/** What `raft-node status`, `get` and `put` are told by flags and environment. */
export interface ClientSettings {
  /** Client addresses, with commas between them. */
  readonly members?: string
  /** Path of a cluster.json, whose members are asked where `members` is not given. */
  readonly config?: string
  /** In ms. */
  readonly timeout?: string
  readonly json?: boolean
}

/** Where the commands write to. */
export interface Output {
  readonly isTTY?: boolean
  write(text: string | Uint8Array): unknown
}

const TIMEOUT = 5000

/** What each member says of itself, as a table or as JSON. @returns whether all of them answered */
export async function showStatus(settings: ClientSettings, output: Output): Promise<boolean> {
  const found = await withClient(settings, (client, timeout) => client.statusOfAll({ timeout }))
  if (settings.json === true) output.write(`${JSON.stringify(found.map(toJson), null, 2)}\n`)
  else output.write(table(found))
  return found.every(({ status }) => status !== null)
}

/** Writes the value as it is, with a line break behind it for a terminal. @returns whether there is such a key */
export async function getKey(settings: ClientSettings, key: string, output: Output): Promise<boolean> {
  const value = await withClient(settings, (client, timeout) => client.get(key, { timeout }))
  if (value === undefined) return false
  output.write(value)
  if (output.isTTY === true) output.write('\n')
  return true
}

export async function putKey(settings: ClientSettings, key: string, value: string | Uint8Array, output: Output): Promise<void> {
  const { modRevision } = await withClient(settings, (client, timeout) => client.put(key, Buffer.from(value), { timeout }))
  output.write(`revision ${modRevision}\n`)
}

async function withClient<Result>(
  settings: ClientSettings,
  ask: (client: RaftClient<Uint8Array>, timeout: number) => Promise<Result>,
): Promise<Result> {
  const members = addressesOf(settings)
  const timeout = Number(settings.timeout ?? TIMEOUT)
  if (!(timeout > 0)) throw new StartError(`timeout: expected a positive number of milliseconds, found "${settings.timeout}"`)
  const client = await connect({ members, codec: bytes, requestTimeout: timeout })
  try {
    return await ask(client, timeout)
  } finally {
    await client.close()
  }
}

/** @throws StartError */
function addressesOf({ members, config }: ClientSettings): string[] {
  if (members !== undefined) {
    const addresses = members.split(',').map((address) => address.trim())
    const wrong = addresses.find((address) => parseAddress(address) === null)
    if (wrong === undefined) return addresses
    throw new StartError(`members: expected client addresses like "127.0.0.1:8001,127.0.0.1:8002", found ${JSON.stringify(wrong)}`)
  }
  if (config === undefined)
    throw new StartError('whom to ask is not known: give --members 127.0.0.1:8001,… (RAFT_MEMBERS) or --config cluster.json (RAFT_CONFIG)')
  const problems: string[] = []
  const { parts } = readCluster(config, { env: process.env, readFile: (path) => readFileSync(path, 'utf8') }, problems)
  const addresses = (parts?.members ?? []).map(([, { client }]) => client)
  if (addresses.length === 0) throw new StartError(problems.join('; '))
  return addresses
}

function toJson({ address, status, error }: MemberStatus): object {
  return status === null ? { address, error: error?.message } : { address, ...status }
}

const COLUMNS = ['member', 'address', 'role', 'leader', 'term', 'applied', 'commit', 'revision'] as const

function table(found: readonly MemberStatus[]): string {
  const rows = found.map(({ address, status, error }) =>
    status === null
      ? ['?', address, error?.message ?? '']
      : [
          status.memberId,
          address,
          status.role,
          status.leaderId ?? 'none',
          ...[status.term, status.appliedIndex, status.commitIndex, status.revision].map(String),
        ],
  )
  const complete = rows.filter((row) => row.length === COLUMNS.length)
  const widths = COLUMNS.map((name, i) => Math.max(name.length, ...complete.map((row) => row[i]?.length ?? 0)))
  const line = (row: readonly string[]) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')
  return [COLUMNS, ...rows].map((row) => `${line(row).trimEnd()}\n`).join('')
}
