import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ConfigurationError, type Member, type MemberId } from '@raft/core'
import type { HostPort } from '@raft/system'
import { isLogLevel, LOG_LEVELS, type LogLevel } from '../log.js'
import { parseAddress } from './address.js'
import { isSet, warnOfUnknown } from './environment.js'
import { problem } from './problems.js'
import { type ClusterParts, readCluster } from './read-cluster.js'
import type { ClusterFile, SecretSource, StorageName } from './schema.js'
import { resolveSecret } from './secret.js'

/** What flags and environment say, flags first; all of it text, as the user typed it. */
export interface Settings {
  readonly id?: string
  readonly config?: string
  readonly dataDir?: string
  readonly secretFile?: string
  readonly clusterId?: string
  readonly bindPeer?: string
  readonly bindClient?: string
  readonly electionTimeout?: string
  readonly heartbeatInterval?: string
  readonly requestTimeout?: string
  readonly logLevel?: string
}

/** The outside world, as far as a configuration may refer to it. */
export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** @throws when the file cannot be read */
  readFile(path: string): string
}

export type Timing = { -readonly [K in keyof NonNullable<ClusterFile['timing']>]: number }
export type Limits = { -readonly [K in keyof NonNullable<ClusterFile['limits']>]: number }

/** A configuration that is complete and consistent. */
export interface MemberConfig {
  readonly id: MemberId
  /** Null: what the data directory was formatted with. */
  readonly clusterId: string | null
  /** The first seals; all are accepted. */
  readonly secrets: readonly string[]
  readonly members: readonly Member[]
  readonly bind: { readonly peer: HostPort; readonly client: HostPort }
  /** Names under which HTTP may be asked for, besides the member's own. */
  readonly allowedHosts: readonly string[]
  readonly dataDir: string
  readonly storage: StorageName
  readonly timing: Partial<Timing>
  readonly limits: Partial<Limits>
  readonly logLevel: LogLevel
  /** Sentences about settings that are given and have no effect. */
  readonly warnings: readonly string[]
}

const nodeSources = (): ConfigSources => ({ env: process.env, readFile: readText })

/** Bytes that are not UTF-8 would all be read as the same character: two secrets could be one. */
function readText(path: string): string {
  const bytes = readFileSync(path)
  if (!isUtf8(bytes)) throw new Error('it is not UTF-8')
  return bytes.toString('utf8')
}

/**
 * @param found problems that are known already
 * @throws ConfigurationError that names every problem, in one line
 */
export function loadConfig(settings: Settings, sources: ConfigSources = nodeSources(), found: readonly string[] = []): MemberConfig {
  const problems = [...found]
  const id = required(settings.id, 'id', 'a member id (--id or RAFT_ID)', problems)
  const path = required(settings.config, 'config', 'the path of cluster.json (--config or RAFT_CONFIG)', problems)
  const dataDir = required(settings.dataDir, 'data-dir', 'the path of a directory (--data-dir or RAFT_DATA_DIR)', problems)
  const logLevel = settings.logLevel ?? 'info'
  if (!isLogLevel(logLevel)) problems.push(problem('log-level', `one of ${LOG_LEVELS.join(', ')}`, logLevel))
  const timing = timingOf(settings, problems)
  const bindPeer = bindOf(settings.bindPeer, 'bind-peer', problems)
  const bindClient = bindOf(settings.bindClient, 'bind-client', problems)
  const { file, parts } = path === '' ? { file: null, parts: null } : readCluster(path, sources, problems)
  const secrets = parts === null ? [] : secretsOf(settings, parts, path, sources, problems)
  if (parts !== null && id !== '') checkId(id, parts, problems)
  if (parts !== null) checkAddresses(parts, problems)
  const warnings = warnOfUnknown(sources.env, namedBy(parts))
  const self = file?.members[id]
  if (problems.length > 0 || file === null || self === undefined || !isLogLevel(logLevel))
    throw new ConfigurationError([...problems, ...warnings].join('; '))
  return {
    id,
    clusterId: settings.clusterId ?? file.clusterId ?? null,
    secrets,
    members: Object.entries(file.members).map(([member, { peer, client }]) => ({ id: member, addresses: { peer, client } })),
    bind: {
      peer: bindPeer ?? toAddress(self.bind?.peer ?? self.peer),
      client: bindClient ?? toAddress(self.bind?.client ?? self.client),
    },
    allowedHosts: file.allowedHosts ?? [],
    dataDir: resolve(dataDir),
    storage: file.storage ?? 'file',
    timing: { ...defined(file.timing), ...timing },
    limits: defined(file.limits),
    logLevel,
    warnings,
  }
}

function required(value: string | undefined, name: string, expected: string, problems: string[]): string {
  if (value === undefined || value === '') problems.push(problem(name, expected, value))
  return value ?? ''
}

function timingOf(settings: Settings, problems: string[]): Partial<Timing> {
  const timing: Partial<Timing> = {}
  const keys = { electionTimeout: 'election-timeout', heartbeatInterval: 'heartbeat-interval', requestTimeout: 'request-timeout' } as const
  for (const key of Object.keys(keys) as (keyof typeof keys)[]) {
    const text = settings[key]
    if (text === undefined) continue
    const value = Number(text)
    if (text.trim() !== '' && Number.isFinite(value) && value > 0) timing[key] = value
    else problems.push(problem(keys[key], 'a positive number of milliseconds', text))
  }
  return timing
}

function bindOf(text: string | undefined, name: string, problems: string[]): HostPort | undefined {
  if (text === undefined) return undefined
  const address = parseAddress(text)
  if (address === null) problems.push(problem(name, 'an address like "0.0.0.0:7001"', text))
  return address ?? undefined
}

function secretsOf(settings: Settings, parts: ClusterParts, path: string, sources: ConfigSources, problems: string[]): string[] {
  const chosen = chosenSecrets(settings, parts, sources)
  if (chosen.length === 0 && !parts.hasSecret) {
    problems.push('secret: expected "secret" in cluster.json, RAFT_SECRET or --secret-file, found nothing; there is no default')
  }
  const secrets: string[] = []
  for (const source of chosen) {
    // A file that cluster.json names lies beside it.
    const located = typeof source === 'object' && 'file' in source ? { file: resolve(dirname(path), source.file) } : source
    const result = resolveSecret(located, sources)
    if ('problem' in result) problems.push(result.problem)
    else secrets.push(result.secret)
  }
  return secrets
}

function chosenSecrets(settings: Settings, { secrets }: ClusterParts, { env }: ConfigSources): readonly SecretSource[] {
  const { RAFT_SECRET: secret } = env
  if (settings.secretFile !== undefined) return [{ file: resolve(settings.secretFile) }]
  return isSet(secret) ? [secret] : secrets
}

/** Environment variables that cluster.json tells to read. */
function namedBy(parts: ClusterParts | null): ReadonlySet<string> {
  const sources = parts?.secrets ?? []
  return new Set(sources.flatMap((source) => (typeof source === 'object' && 'env' in source ? [source.env] : [])))
}

function checkId(id: string, { ids }: ClusterParts, problems: string[]): void {
  if (ids === null || ids.includes(id)) return
  problems.push(problem('id', `one of the members in cluster.json (${ids.join(', ')})`, id))
}

/** Two members at one address would take each other's place. */
function checkAddresses({ members }: ClusterParts, problems: string[]): void {
  const owners = new Map<string, string>()
  for (const [id, member] of members) {
    for (const kind of ['peer', 'client'] as const) {
      const key = `${kind} ${member[kind]}`
      const owner = owners.get(key)
      if (owner === undefined) owners.set(key, id)
      else problems.push(`members.${id}.${kind}: expected an address of its own, found that of ${owner} (${member[kind]})`)
    }
  }
}

function toAddress(text: string): HostPort {
  const address = parseAddress(text)
  if (address === null) throw new ConfigurationError(problem('members', 'an address like "127.0.0.1:7001"', text))
  return address
}

function defined<T extends object>(given: T | undefined): { -readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  const result: { -readonly [K in keyof T]?: Exclude<T[K], undefined> } = {}
  for (const key of Object.keys(given ?? {}) as (keyof T)[]) {
    const value = given?.[key]
    if (value !== undefined) result[key] = value as Exclude<T[typeof key], undefined>
  }
  return result
}
