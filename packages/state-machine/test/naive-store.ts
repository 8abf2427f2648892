import type { Command, Compare, KeyValue, Range, Step, StepResult, StoreResult } from '@raft/commands'

type Versions = Pick<KeyValue, 'createRevision' | 'modRevision' | 'version'>
type Content = ReadonlyMap<string, Versions & { value: Buffer }>

/** The store as one would write it with no thought of speed: a Map that is copied for each command and sorted for each range. */
export class NaiveStore {
  revision = 0
  content: Content = new Map()

  apply(command: Command): StoreResult {
    const keys = new Map(this.content)
    const next = this.revision + 1
    const result = run(keys, command, this.revision)
    if (!sameVersions(keys, this.content) || wrote(result)) {
      this.content = keys
      this.revision = next
    }
    return { ...result, revision: this.revision }
  }

  range(request: Range) {
    return { ...range(this.content, request), revision: this.revision }
  }
}

function run(keys: Map<string, Versions & { value: Buffer }>, command: Command, revision: number): StoreResult {
  switch (command.type) {
    case 'put':
    case 'delete':
      return { ...(step(keys, command, revision + 1) as StoreResult), revision }
    case 'compareAndSet': {
      const modRevision = keys.get(hex(command.key))?.modRevision ?? 0
      if (modRevision !== command.prevRevision) return { type: 'compareAndSet', succeeded: false, revision, modRevision }
      step(keys, { ...command, type: 'put' }, revision + 1)
      return { type: 'compareAndSet', succeeded: true, revision, modRevision: revision + 1 }
    }
    case 'transaction': {
      const succeeded = command.compare.filter((compare) => !holds(keys, compare)).length === 0
      const steps = succeeded ? command.success : command.failure
      return { type: 'transaction', succeeded, revision, results: steps.map((each) => step(keys, each, revision + 1)) }
    }
  }
}

function step(keys: Map<string, Versions & { value: Buffer }>, each: Step, revision: number): StepResult {
  if (each.type === 'range') return { type: 'range', ...range(keys, each) }
  const key = hex(each.key)
  const before = keys.get(key)
  switch (each.type) {
    case 'get':
      return { type: 'get', entry: before === undefined ? null : { key: Buffer.from(each.key), ...before } }
    case 'delete':
      return { type: 'delete', deleted: keys.delete(key) }
    case 'put': {
      const versions = { createRevision: before?.createRevision ?? revision, modRevision: revision, version: (before?.version ?? 0) + 1 }
      keys.set(key, { ...versions, value: Buffer.from(each.value) })
      return { type: 'put', ...versions }
    }
  }
}

function range(keys: Content, request: Range): { entries: KeyValue[]; more: boolean } {
  const found = [...keys]
    .map(([key, stored]) => ({ key: Buffer.from(key, 'hex'), ...stored }))
    .filter(({ key }) => key.subarray(0, request.prefix?.length ?? 0).equals(request.prefix ?? Buffer.alloc(0)))
    .filter(({ key }) => request.after === undefined || Buffer.compare(key, request.after) > 0)
    .sort((a, b) => Buffer.compare(a.key, b.key))
  const entries = found.slice(0, request.limit || 1000)
  return { entries, more: entries.length < found.length }
}

function holds(keys: Content, compare: Compare): boolean {
  const stored = keys.get(hex(compare.key))
  const { relation = 'equal' } = compare
  if ('value' in compare) {
    if (stored === undefined) return relation === 'notEqual'
    return relates[relation](Buffer.compare(stored.value, compare.value), 0)
  }
  const [target, operand] = Object.entries(compare).find(([name]) => name !== 'key' && name !== 'relation') as [keyof Versions, number]
  return relates[relation](stored === undefined ? 0 : stored[target], operand)
}

const relates = {
  equal: (a: number, b: number) => a === b,
  notEqual: (a: number, b: number) => a !== b,
  less: (a: number, b: number) => a < b,
  greater: (a: number, b: number) => a > b,
}

/** A transaction that puts a key and deletes it again leaves no trace in the content, and is a step all the same. */
function wrote(result: StoreResult): boolean {
  return result.type === 'transaction' && result.results.some((each) => each.type === 'put' || (each.type === 'delete' && each.deleted))
}

function sameVersions(a: Content, b: Content): boolean {
  return a.size === b.size && [...a].every(([key, stored]) => b.get(key)?.modRevision === stored.modRevision)
}

function hex(key: Uint8Array): string {
  return Buffer.from(key).toString('hex')
}
