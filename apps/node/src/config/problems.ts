import type * as z from 'zod/mini'

/** What may have been meant by a key that is not known, as words that follow; empty where there is no guess. */
export type KeyGuess = (path: readonly PropertyKey[]) => string

const noGuess: KeyGuess = () => ''

/** Every issue that zod found in `value`, as `key: expected …, found …`. Secrets are never shown. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], value: unknown, guessKey: KeyGuess = noGuess): string[] {
  return [...new Set(issues.flatMap((issue) => describeIssue(issue, { value, parent: [], guessKey })))]
}

interface Around {
  readonly value: unknown
  readonly parent: readonly PropertyKey[]
  readonly guessKey: KeyGuess
}

function describeIssue(issue: z.core.$ZodIssue, around: Around): string[] {
  const { value, guessKey } = around
  const path = [...around.parent, ...issue.path]
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${pathName([...path, key])}: there is no such key${guessKey([...path, key])}`)
  if (issue.code === 'invalid_key') return issue.issues.flatMap((inner) => describeKey(inner, path))
  // A union whose branches fail deeper down: the branch that got furthest knows best.
  if (issue.code === 'invalid_union') {
    const deeper = issue.errors.find((branch) => branch.some((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'))
    const deepest = deeper?.filter((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys') ?? []
    if (deepest.length > 0) return deepest.flatMap((inner) => describeIssue(inner, { ...around, parent: path }))
  }
  return [problem(path, issue.message, valueAt(value, path))]
}

function describeKey(issue: z.core.$ZodIssue, path: readonly PropertyKey[]): string[] {
  return [problem(path.slice(0, -1), issue.message, path.at(-1))]
}

/** A key whose value may be the secret, wherever in the file it was put. */
const SECRET = /secret|passw|passphrase/i

/** One problem, in the words that all have in common. */
export function problem(path: readonly PropertyKey[] | string, expected: string, found: unknown): string {
  const name = typeof path === 'string' ? path : pathName(path)
  const secret = typeof path !== 'string' && path.some((key) => SECRET.test(String(key)))
  return `${name}: expected ${expected}, found ${secret ? typeName(found) : show(found)}`
}

function pathName(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the configuration' : path.map(String).join('.')
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined
    at = Object.hasOwn(at, key) ? (at as Record<PropertyKey, unknown>)[key] : undefined
  }
  return at
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

function typeName(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
}
