import { mistakeIn, placeOf } from '../json/mistake.js'
import { DuplicateKeyError, NestingError, parseJson } from '../json/parse-json.js'
import { guess } from './guess.js'
import type { ConfigSources } from './load.js'
import { describeIssues } from './problems.js'
import { type ClusterFile, clusterSchema, KEYS, memberSchema, type SecretSource, secretsSchema } from './schema.js'

type Member = ClusterFile['members'][string]

/** What can be made out of a cluster.json, whatever else in it is wrong. */
export interface ClusterParts {
  /** Whether there is anything under `secret`. */
  readonly hasSecret: boolean
  /** Empty where `secret` is not as it should be. */
  readonly secrets: readonly SecretSource[]
  /** All that are named; null where there is no object of members. */
  readonly ids: readonly string[] | null
  /** Those whose entries are as they should be. */
  readonly members: readonly (readonly [string, Member])[]
}

interface ClusterRead {
  /** Null where there is a problem with it. */
  readonly file: ClusterFile | null
  /** Null where it is not JSON. */
  readonly parts: ClusterParts | null
}

/** Reads cluster.json, and adds every problem with it. */
export function readCluster(path: string, sources: ConfigSources, problems: string[]): ClusterRead {
  let text: string
  try {
    text = sources.readFile(path)
  } catch (error) {
    problems.push(`config: cannot be read: ${messageOf(error)}`)
    return { file: null, parts: null }
  }
  const read = readValue(text.replace(/^\uFEFF/, ''), path, problems)
  if (read === null) return { file: null, parts: null }
  const parsed = clusterSchema.safeParse(read.value)
  if (!parsed.success) problems.push(...describeIssues(parsed.error.issues, read.value, guessKey))
  return { file: parsed.success ? parsed.data : null, parts: partsOf(read.value) }
}

/** Null where it is not JSON. The parser's own words quote the text around a mistake, and that may be the secret. */
function readValue(text: string, path: string, problems: string[]): { readonly value: unknown } | null {
  const at = (index: number) => {
    const { line, column } = placeOf(text, index)
    return `at line ${line}, column ${column}`
  }
  try {
    return { value: parseJson(text) }
  } catch (error) {
    if (error instanceof DuplicateKeyError || error instanceof NestingError)
      problems.push(`config: ${path}: ${error.message} (${at(error.index)})`)
    else problems.push(`config: ${path} is not JSON (${at(mistakeIn(text))})`)
    // The text itself is JSON then.
    return error instanceof DuplicateKeyError ? { value: JSON.parse(text) } : null
  }
}

function partsOf(value: unknown): ClusterParts {
  const { secret, members } = isObject(value) ? value : {}
  const secrets = secretsSchema.safeParse(secret)
  return {
    hasSecret: secret !== undefined,
    secrets: !secrets.success ? [] : Array.isArray(secrets.data) ? secrets.data : [secrets.data],
    ids: isObject(members) ? Object.keys(members) : null,
    members: Object.entries(isObject(members) ? members : {}).flatMap(([id, given]) => {
      const member = memberSchema.safeParse(given)
      return member.success ? [[id, member.data] as const] : []
    }),
  }
}

/** A key that is near, of the same object if there is one; otherwise one that lies elsewhere, with its path. */
function guessKey(path: readonly PropertyKey[]): string {
  const names = path.map(String)
  const name = names.at(-1) ?? ''
  const parent = names.slice(0, -1).map((step, i) => (names[0] === 'members' && i === 1 ? '*' : step))
  // A secret may be one of an array.
  const prefix = parent[0] === 'secret' ? 'secret.' : parent.map((step) => `${step}.`).join('')
  const beside = guess(
    name,
    KEYS.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length)),
  )
  if (beside !== null) return `: did you mean "${beside}"?`
  const last = guess(name, KEYS.map(lastOf))
  const elsewhere = KEYS.find((key) => lastOf(key) === last)
  return elsewhere === undefined ? '' : `: did you mean "${elsewhere.replace('*', '<member id>')}"?`
}

function lastOf(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
