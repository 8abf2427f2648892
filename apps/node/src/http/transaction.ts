import { isUtf8 } from 'node:buffer'
import { encodeTransaction, type KeyValue, type StepResult, type Transaction, type TransactionResult } from '@raft/commands'
import * as z from 'zod/mini'
import { describeIssues } from '../config/problems.js'
import { DuplicateKeyError, NestingError, parseJson } from '../json/parse-json.js'
import { badRequest } from './answer.js'
import { jsonBytes, toJsonBytes, toJsonEntry } from './json-bytes.js'

const relation = z._default(
  z.enum(['equal', 'notEqual', 'less', 'greater'], { error: 'one of "equal", "notEqual", "less", "greater"' }),
  'equal',
)
const number = z.int({ error: 'a whole number from 0 on' }).check(z.nonnegative({ error: 'a whole number from 0 on' }))
const LIMIT = 'a whole number from 0 to 4294967295'
const limit = z.int({ error: LIMIT }).check(z.nonnegative({ error: LIMIT }), z.maximum(0xffff_ffff, { error: LIMIT }))

const compare = z
  .strictObject(
    {
      key: jsonBytes,
      relation,
      value: z.optional(jsonBytes),
      createRevision: z.optional(number),
      modRevision: z.optional(number),
      version: z.optional(number),
    },
    { error: 'an object like {"key": "a", "relation": "equal", "modRevision": 3}' },
  )
  .check(
    z.refine((given) => TARGETS.filter((name) => given[name] !== undefined).length === 1, {
      error: 'exactly one of "value", "createRevision", "modRevision", "version"',
    }),
  )

const TARGETS = ['value', 'createRevision', 'modRevision', 'version'] as const

const step = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ type: z.literal('put'), key: jsonBytes, value: jsonBytes }),
    z.strictObject({ type: z.literal('delete'), key: jsonBytes }),
    z.strictObject({ type: z.literal('get'), key: jsonBytes }),
    z.strictObject({ type: z.literal('range'), prefix: z.optional(jsonBytes), after: z.optional(jsonBytes), limit: z.optional(limit) }),
  ],
  { error: 'an object whose "type" is "put", "delete", "get" or "range"' },
)

const steps = z._default(z.array(step, { error: 'an array of steps' }), [])

const schema = z.strictObject(
  { compare: z._default(z.array(compare, { error: 'an array of comparisons' }), []), success: steps, failure: steps },
  { error: 'an object {"compare": […], "success": […], "failure": […]}' },
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
  // A field that is not given is not there: nothing was undefined in JSON.
  return encodeTransaction(parsed.data as Transaction)
}

/** What a transaction came to, as JSON. */
export function toJsonTransaction({ succeeded, revision, results }: TransactionResult) {
  return { succeeded, revision, results: results.map(toJsonStep) }
}

function toJsonStep(result: StepResult) {
  if (result.type === 'get') return { type: result.type, entry: result.entry === null ? null : toJsonEntry(result.entry) }
  return result.type === 'range' ? { type: result.type, ...toJsonRange(result) } : result
}

export function toJsonRange({ entries, more }: { readonly entries: readonly KeyValue[]; readonly more: boolean }) {
  const last = entries.at(-1)
  return { entries: entries.map(toJsonEntry), more, next: more && last !== undefined ? toJsonBytes(last.key) : null }
}
