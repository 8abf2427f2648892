import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type CommandResult,
  type Compare,
  encodeDelete,
  encodePut,
  encodeTransaction,
  type GetResult,
  type KeyValue,
  MAX_KEY_BYTES,
  type RangeResult,
  type Step,
} from '@raft/commands'
import type { Account } from '../account.js'
import { noRoomForResult } from '../overload.js'
import type { KeyValueService } from '../store/key-value-service.js'
import { entryBytes, resultBytes } from '../store/result-bytes.js'
import { badRequest, HttpError, send, sendJson, sendNotModified } from './answer.js'
import { entityTag, judgeRead, preconditionsOf, toCompares } from './entity-tags.js'
import { toJsonBytes, toJsonEntry } from './json-bytes.js'
import { type FoundAnswer, LargeAnswers } from './large-answers.js'
import { bytesOf, checkQuery, consistencyOf, flagOf, readBody, refuseBody, type Target, wholeNumberOf } from './request.js'
import { parseTransaction, toJsonRange, toJsonTransaction } from './transaction.js'

export interface KvRoutesOptions {
  readonly service: KeyValueService
  /** How long a request may wait for a leader and its answer, in ms. */
  readonly requestTimeout: number
  readonly maxValueBytes: number
  /** What the member holds for its clients. */
  readonly account: Account
}

/** What a body of JSON may have beyond the values in it. */
const JSON_OVERHEAD = 64 * 1024
/** Base64 and JSON's escapes make values longer. */
const JSON_GROWTH = 6
/** What a body of JSON takes when it is read, in proportion to its length: text, values and the command that is made of them. */
const JSON_WEIGHT = 4
/** Keys and values over HTTP. */
export class KvRoutes {
  readonly #options: KvRoutesOptions
  readonly #answers: LargeAnswers

  constructor(options: KvRoutesOptions) {
    this.#options = options
    this.#answers = new LargeAnswers(options.account)
  }

  async get(key: Uint8Array, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> {
    checkQuery(query, ['raw', 'consistency'])
    checkKey(key)
    const isRaw = flagOf(query, 'raw')
    const preconditions = preconditionsOf(request.headers)
    const consistency = consistencyOf(query)
    const { service, requestTimeout } = this.#options
    const found = ({ revision, entry }: GetResult): FoundAnswer => {
      if (entry === null) throw keyNotFound(key, revision)
      const verdict = preconditions === null ? 'serve' : judgeRead(preconditions, entry.modRevision)
      if (verdict === 'failed') throw new PreconditionError(entry.modRevision, revision)
      if (verdict === 'notModified') return { entriesBytes: 0, give: () => sendNotModified(response, tagHeaders(entry, revision)) }
      const give = () => {
        if (isRaw) send(response, 200, 'application/octet-stream', entry.value, entryHeaders(entry, revision))
        else sendJson(response, 200, toJsonEntry(entry), tagHeaders(entry, revision))
      }
      return { entriesBytes: entryBytes(entry), give }
    }
    await this.#answers.read(response, async () => {
      const read = await service.prepareGet(key, consistency, requestTimeout)
      return () => found(read())
    })
  }

  async put(key: Uint8Array, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> {
    checkQuery(query, ['prevRevision'])
    checkKey(key)
    const condition = conditionOf(key, query, request)
    const { maxValueBytes: limit, account } = this.#options
    const value = await readBody(request, response, { limit, account })
    const result =
      condition === null ? await this.#write(encodePut(key, value)) : await this.#conditional(key, condition, { type: 'put', key, value })
    if (result.type !== 'put') throw unexpected(result)
    const { createRevision, modRevision, version } = result
    const answer = { key: toJsonBytes(key), revision: result.revision, createRevision, modRevision, version }
    sendJson(response, 200, answer, revisionHeader(result.revision))
  }

  async delete(key: Uint8Array, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> {
    checkQuery(query, ['prevRevision'])
    checkKey(key)
    refuseBody(request)
    const condition = conditionOf(key, query, request)
    if (condition?.prevRevision === 0) throw badRequest('prevRevision: expected 1 or more: what does not exist cannot be deleted')
    const result =
      condition === null ? await this.#write(encodeDelete(key)) : await this.#conditional(key, condition, { type: 'delete', key })
    if (result.type !== 'delete') throw unexpected(result)
    if (!result.deleted) throw keyNotFound(key, result.revision)
    sendJson(response, 200, { key: toJsonBytes(key), revision: result.revision, deleted: true }, revisionHeader(result.revision))
  }

  async range({ query, search }: Target, response: ServerResponse): Promise<void> {
    checkQuery(query, ['prefix', 'after', 'limit', 'consistency'])
    const { service, requestTimeout } = this.#options
    const after = bytesOf(search, 'after')
    const prefix = bytesOf(search, 'prefix') ?? new Uint8Array(0)
    const limit = Math.min(wholeNumberOf(query, 'limit') ?? 0, 0xffff_ffff)
    const request = after === null ? { prefix, limit } : { prefix, limit, after }
    const consistency = consistencyOf(query)
    const found = (result: RangeResult): FoundAnswer => {
      const entriesBytes = result.entries.reduce((sum, entry) => sum + entryBytes(entry), 0)
      const give = () => sendJson(response, 200, { revision: result.revision, ...toJsonRange(result) }, revisionHeader(result.revision))
      return { entriesBytes, give }
    }
    await this.#answers.read(response, async () => {
      const read = await service.prepareRange(request, consistency, requestTimeout)
      return () => found(read())
    })
  }

  async transaction(query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> {
    checkQuery(query, [])
    const { maxValueBytes, account } = this.#options
    const limits = { limit: maxValueBytes * JSON_GROWTH + JSON_OVERHEAD, account, weight: JSON_WEIGHT }
    const result = await this.#write(parseTransaction(await readBody(request, response, limits)))
    if (result.type !== 'transaction') throw unexpected(result)
    const give = () => sendJson(response, 200, toJsonTransaction(result), revisionHeader(result.revision))
    this.#answers.send(response, { entriesBytes: resultBytes(result), give }, () => noRoomForResult(result, account))
  }

  #write(command: Uint8Array): Promise<CommandResult> {
    return this.#options.service.write(command, this.#options.requestTimeout)
  }

  /** Carries out the step if the condition holds. @throws HttpError 409 or 412 */
  async #conditional(key: Uint8Array, { prevRevision, compare }: Condition, step: Step): Promise<CommandResult> {
    const result = await this.#write(encodeTransaction({ compare, success: [step], failure: [{ type: 'get', key }] }))
    const first = result.type === 'transaction' ? result.results[0] : undefined
    if (first?.type === 'put' || first?.type === 'delete') return { ...first, revision: result.revision }
    if (first?.type !== 'get') throw unexpected(result)
    const modRevision = first.entry?.modRevision ?? 0
    throw prevRevision === null
      ? new PreconditionError(modRevision, result.revision)
      : new ConflictError(prevRevision, modRevision, result.revision)
  }
}

/** What a write of a key depends on. */
interface Condition {
  /** As the parameter says; null when header fields say it. */
  readonly prevRevision: number | null
  readonly compare: readonly Compare[]
}

/** Null when the write depends on nothing. @throws HttpError 400 */
function conditionOf(key: Uint8Array, query: URLSearchParams, request: IncomingMessage): Condition | null {
  const prevRevision = wholeNumberOf(query, 'prevRevision')
  const preconditions = preconditionsOf(request.headers)
  if (preconditions === null) {
    if (prevRevision === null) return null
    return { prevRevision, compare: [{ key, modRevision: prevRevision }] }
  }
  if (prevRevision !== null) throw badRequest('prevRevision, and If-Match or If-None-Match, say the same: give one of them')
  return { prevRevision, compare: toCompares(preconditions, key) }
}

/** The key is not as the request would have it. Nothing was changed. */
class MismatchError extends HttpError {
  readonly #modRevision: number
  readonly #revision: number
  constructor(status: number, code: string, expected: string, modRevision: number, revision: number) {
    const found = modRevision === 0 ? 'the key does not exist' : `the key is at revision ${modRevision}`
    const tag: Record<string, string> = modRevision === 0 ? {} : { etag: entityTag(modRevision) }
    super(status, code, `${expected}, but ${found}`, { ...revisionHeader(revision), ...tag })
    this.#modRevision = modRevision
    this.#revision = revision
  }

  override get body(): unknown {
    return { error: { code: this.code, message: this.message }, modRevision: this.#modRevision, revision: this.#revision }
  }
}

class ConflictError extends MismatchError {
  constructor(expected: number, modRevision: number, revision: number) {
    super(409, 'REVISION_MISMATCH', `prevRevision is ${expected}`, modRevision, revision)
  }
}

class PreconditionError extends MismatchError {
  constructor(modRevision: number, revision: number) {
    super(412, 'PRECONDITION_FAILED', 'If-Match or If-None-Match asks for another revision', modRevision, revision)
  }
}

function checkKey(key: Uint8Array): void {
  if (key.length > MAX_KEY_BYTES) throw badRequest(`a key of ${key.length} bytes: at most ${MAX_KEY_BYTES} are allowed`)
}

function keyNotFound(key: Uint8Array, revision: number): HttpError {
  return new HttpError(404, 'KEY_NOT_FOUND', `there is no key ${JSON.stringify(toJsonBytes(key))}`, revisionHeader(revision))
}

function revisionHeader(revision: number): Record<string, string> {
  return { 'raft-revision': String(revision) }
}

function tagHeaders({ modRevision }: KeyValue, revision: number): Record<string, string> {
  return { 'raft-revision': String(revision), etag: entityTag(modRevision) }
}

/** With the bare value. */
function entryHeaders({ createRevision, modRevision, version }: KeyValue, revision: number): Record<string, string> {
  return {
    'raft-revision': String(revision),
    etag: entityTag(modRevision),
    'raft-create-revision': String(createRevision),
    'raft-mod-revision': String(modRevision),
    'raft-version': String(version),
  }
}

function unexpected(result: CommandResult): Error {
  return new Error(`a result of type ${result.type} that does not belong to the request`)
}
