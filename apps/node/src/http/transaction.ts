import { isUtf8 } from 'node:buffer'
import { encodeTransaction, type RangeStep, type Step, type StepResult } from '@raft/commands'
import * as z from 'zod/mini'
import { describeIssues } from '../config/problems.js'
import { DuplicateKeyError, NestingError, parseJson } from '../json/parse-json.js'
import type { Done } from '../store/results.js'
import { badRequest } from './answer.js'
import { jsonBytes, toJsonBytes, toJsonEntry } from './json-bytes.js'

const RELATION = { '=': 'equal', '!=': 'notEqual', '<': 'less', '>': 'greater' } as const
const relation = z._default(z.enum(['=', '!=', '<', '>'], { error: 'one of "=", "!=", "<", ">"' }), '=')
const number = z.int({ error: 'a whole number from 0 on' }).check(z.nonnegative({ error: 'a whole number from 0 on' }))
const LIMIT = 'a whole number from 0 to 4294967295'
const limit = z.int({ error: LIMIT }).check(z.nonnegative({ error: LIMIT }), z.maximum(0xffff_ffff, { error: LIMIT }))

const compare = z
  .strictObject(
    {
      key: jsonBytes,
      is: relation,
      value: z.optional(jsonBytes),
      createRevision: z.optional(number),
      modRevision: z.optional(number),
      version: z.optional(number),
    },
    { error: 'an object like {"key": "a", "is": "=", "modRevision": 3}' },
  )
  .check(
    z.refine((given) => OPERANDS.filter((name) => given[name] !== undefined).length === 1, {
      error: 'exactly one of "value", "createRevision", "modRevision", "version"',
    }),
  )

const OPERANDS = ['value', 'createRevision', 'modRevision', 'version'] as const

const STEP = 'an object with one of "put", "delete", "get", "range"'
const keyOnly = z.strictObject({ key: jsonBytes }, { error: 'an object {"key"}' })
const step = z
  .strictObject(
    {
      put: z.optional(z.strictObject({ key: jsonBytes, value: jsonBytes }, { error: 'an object {"key", "value"}' })),
      delete: z.optional(keyOnly),
      get: z.optional(keyOnly),
      range: z.optional(
        z.strictObject(
          { prefix: z.optional(jsonBytes), after: z.optional(jsonBytes), limit: z.optional(limit) },
          { error: 'an object {"prefix", "after", "limit"}' },
        ),
      ),
    },
    { error: STEP },
  )
  .check(z.refine((given) => Object.values(given).filter((one) => one !== undefined).length === 1, { error: STEP }))

const steps = z._default(z.array(step, { error: 'an array of steps' }), [])

/** Named apart: a `then` in an object literal looks like a promise to linters, and here it never holds a function. */
const THEN = 'then'

const schema = z.strictObject(
  { compare: z._default(z.array(compare, { error: 'an array of comparisons' }), []), [THEN]: steps, else: steps },
  { error: 'an object {"compare": […], "then": […], "else": […]}' },
)

/** The command that the JSON of a transaction stands for. @throws HttpError 400 that names every problem; CommandError */
export function parseTransaction(body: Uint8Array): Uint8Array {
  if (!isUtf8(body)) throw badRequest('the body is not UTF-8: bytes that are not UTF-8 are written {"base64": "…"}')
  let value: unknown
  try {
    value = parseJson(Buffer.from(body).toString('utf8'))
  } catch (cause) {
    const isOurs = cause instanceof DuplicateKeyError || cause instanceof NestingError
    throw badRequest(isOurs ? `the body: ${cause.message}` : 'the body is not JSON', cause)
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw badRequest(describeIssues(parsed.error.issues, value).slice(0, 10).join('; '))
  return encodeTransaction({
    compares: parsed.data.compare.map(toCompare),
    thenSteps: parsed.data.then.map(toStep),
    elseSteps: parsed.data.else.map(toStep),
  })
}

function toCompare({ key, is, value, ...numbers }: z.infer<typeof compare>) {
  if (value !== undefined) return { target: 'value' as const, relation: RELATION[is], key, operand: value }
  const target = (['createRevision', 'modRevision', 'version'] as const).find((name) => numbers[name] !== undefined) ?? 'version'
  return { target, relation: RELATION[is], key, operand: numbers[target] ?? 0 }
}

function toStep(given: z.infer<typeof step>): Step {
  if (given.put !== undefined) return { type: 'put', ...given.put }
  if (given.delete !== undefined) return { type: 'delete', ...given.delete }
  if (given.get !== undefined) return { type: 'get', ...given.get }
  const { prefix, after, limit } = given.range ?? {}
  const range: { -readonly [K in keyof RangeStep]: RangeStep[K] } = { type: 'range' }
  if (prefix !== undefined) range.prefix = prefix
  if (after !== undefined) range.after = after
  if (limit !== undefined) range.limit = limit
  return range
}

/** What a transaction came to, as JSON. */
export function toJsonTransaction(result: Extract<Done, { type: 'transaction' }>) {
  return { succeeded: result.succeeded, revision: result.revision, results: result.results.map(toJsonStep) }
}

function toJsonStep(result: StepResult) {
  switch (result.type) {
    case 'put':
      return { put: { createRevision: result.createRevision, modRevision: result.modRevision, version: result.version } }
    case 'delete':
      return { delete: { deleted: result.deleted } }
    case 'get':
      return { get: result.entry === null ? null : toJsonEntry(result.entry) }
    case 'range':
      return { range: toJsonRange(result) }
  }
}

export function toJsonRange({ entries, more }: { readonly entries: readonly Parameters<typeof toJsonEntry>[0][]; readonly more: boolean }) {
  const last = entries.at(-1)
  return { entries: entries.map(toJsonEntry), more, next: more && last !== undefined ? toJsonBytes(last.key) : null }
}
