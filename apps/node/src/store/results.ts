import {
  decodeCompareAndSetResult,
  decodeDeleteResult,
  decodePutResult,
  decodeTransactionResult,
  ProtocolError,
  ResponseKind,
  type ServerEndpoint,
  StepKind,
  type Entry as WireEntry,
  type StepResult as WireStepResult,
} from '@raft/client/protocol'
import type { CommandFailure, KeyValue, StepResult, StoreResult } from '@raft/state-machine'

/** What a command that was carried out came to. */
export type Done = Exclude<StoreResult, CommandFailure>

/** What an entry takes besides its key and value, in bytes. */
const ENTRY_BYTES = 300

/** The memory that what a result has read takes, in bytes; 0 where it has read nothing. */
export function resultBytes(result: Done): number {
  if (result.type !== 'transaction') return 0
  let bytes = 0
  for (const step of result.results) {
    if (step.type === 'get' && step.entry !== null) bytes += entryBytes(step.entry)
    else if (step.type === 'range') for (const entry of step.entries) bytes += entryBytes(entry)
  }
  return bytes
}

/** The memory that an entry takes, in bytes. */
export function entryBytes({ key, value }: KeyValue): number {
  return ENTRY_BYTES + key.length + value.length
}

/** Answers request `id` with a result of the store. */
export function respond(endpoint: ServerEndpoint, id: number, result: Done): void {
  switch (result.type) {
    case 'put':
      endpoint.put(id, result)
      return
    case 'delete':
      endpoint.delete(id, result)
      return
    case 'compareAndSet':
      endpoint.compareAndSet(id, result)
      return
    case 'transaction':
      endpoint.transaction(id, { revision: result.revision, succeeded: result.succeeded, results: result.results.map(toWire) })
  }
}

function toWire(step: StepResult): WireStepResult {
  switch (step.type) {
    case 'put':
      return { kind: StepKind.Put, createRevision: step.createRevision, modRevision: step.modRevision, version: step.version }
    case 'delete':
      return { kind: StepKind.Delete, deleted: step.deleted }
    case 'get':
      return { kind: StepKind.Get, entry: step.entry }
    case 'range':
      return { kind: StepKind.Range, entries: step.entries, more: step.more }
  }
}

/** The result of a write as the leader sent it. @throws ProtocolError */
export function decodeWriteResult(kind: number, body: Uint8Array): Done {
  switch (kind) {
    case ResponseKind.Put: {
      const result = decodePutResult(body)
      return { type: 'put', revision: result.modRevision, ...result }
    }
    case ResponseKind.Delete:
      return { type: 'delete', ...decodeDeleteResult(body) }
    case ResponseKind.CompareAndSet:
      return { type: 'compareAndSet', ...decodeCompareAndSetResult(body) }
    case ResponseKind.Transaction: {
      const { revision, succeeded, results } = decodeTransactionResult(body)
      return { type: 'transaction', revision, succeeded, results: results.map(fromWire) }
    }
    default:
      throw new ProtocolError(`a response of kind ${kind} to a write`)
  }
}

function fromWire(step: WireStepResult): StepResult {
  switch (step.kind) {
    case StepKind.Put:
      return { type: 'put', createRevision: step.createRevision, modRevision: step.modRevision, version: step.version }
    case StepKind.Delete:
      return { type: 'delete', deleted: step.deleted }
    case StepKind.Get:
      return { type: 'get', entry: step.entry === null ? null : ownEntry(step.entry) }
    case StepKind.Range:
      return { type: 'range', entries: step.entries.map(ownEntry), more: step.more }
  }
}

/** An entry that another member has sent, as the store gives one: its bytes are no views of what arrived. */
export function ownEntry(entry: WireEntry): KeyValue {
  return { ...entry, key: Buffer.from(entry.key), value: Buffer.from(entry.value) }
}
