import type { Variant } from './variant.js'

const STORE = 'packages/state-machine/src/key-value-store.ts'
const KEYSPACE = 'packages/state-machine/src/keyspace.ts'
const TRANSACTION = 'packages/state-machine/src/transaction.ts'

/** What commands do to the keys. */
export const store: readonly Variant[] = [
  {
    name: 'a deleted key is remembered',
    breaks: 'a key that was deleted is put as though it were there still',
    file: KEYSPACE,
    search: '    this.#recent.forget(key)\n',
    replace: '',
    stack: 'server',
    maxSeeds: 50,
  },
  {
    name: 'compare-and-set does not compare',
    breaks: 'the value is set whatever revision it had',
    file: STORE,
    search: 'if (current !== prevRevision) return',
    replace: 'if (current < 0 && current !== prevRevision) return',
    stack: 'server',
    maxSeeds: 50,
  },
  {
    name: 'a delete is no revision',
    breaks: 'deleting a key does not count as a change',
    file: STORE,
    search: 'if (deleted) this.#revision += 1',
    replace: 'if (deleted) this.#revision += 0',
    stack: 'server',
    maxSeeds: 50,
  },
  {
    name: 'a put is no revision',
    breaks: 'a put to a key that exists keeps the revision',
    file: STORE,
    search: '      this.#revision += 1\n      const { createRevision, modRevision, version } = keys.putFound',
    replace:
      '      if (keys.get(bytes.subarray(puts.keyStart[i], puts.keyEnd[i])) === null) this.#revision += 1\n      const { createRevision, modRevision, version } = keys.putFound',
    stack: 'server',
    maxSeeds: 50,
  },
  {
    name: 'a deleted key comes back as it was',
    breaks: 'a delete leaves the value where reads find it',
    file: KEYSPACE,
    search: 'return this.#tree.delete(key)',
    replace: 'return this.#tree.has(key)',
    stack: 'server',
    maxSeeds: 50,
  },
  {
    name: 'a version is not counted',
    breaks: 'every put leaves version 1',
    file: KEYSPACE,
    search: '    stored.version += 1\n',
    replace: '',
    stack: 'server',
    maxSeeds: 50,
  },
  {
    name: 'a key is created by every put',
    breaks: 'createRevision is that of the last put',
    file: KEYSPACE,
    search: '    stored.modRevision = revision\n',
    replace: '    stored.modRevision = revision\n    stored.createRevision = revision\n',
    stack: 'server',
    maxSeeds: 50,
  },
  {
    name: 'half a transaction',
    breaks: 'the last step of a transaction is not carried out',
    file: TRANSACTION,
    search:
      '        const { createRevision, modRevision, version } = keys.put(toBinaryKey(step.key), step.value, 0, step.value.length, revision)\n',
    replace:
      '        const isLast = results.length > 0 && step === (succeeded ? transaction.thenSteps : transaction.elseSteps).at(-1)\n        const { createRevision, modRevision, version } = (isLast ? keys.fork() : keys).put(toBinaryKey(step.key), step.value, 0, step.value.length, revision)\n',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'a transaction always succeeds',
    breaks: 'the conditions of a transaction are not looked at',
    file: TRANSACTION,
    search: 'const succeeded = transaction.compares.every((compare) => holds(keys, compare))',
    replace: 'const succeeded = transaction.compares.every((compare) => holds(keys, compare) || true)',
    stack: 'server',
    maxSeeds: 50,
  },
  {
    name: 'one condition is enough',
    breaks: 'a transaction goes on when any of its conditions holds',
    file: TRANSACTION,
    search: 'const succeeded = transaction.compares.every((compare) => holds(keys, compare))',
    replace: 'const succeeded = transaction.compares.length === 0 || transaction.compares.some((compare) => holds(keys, compare))',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'a transaction that reads changes nothing',
    breaks: 'the copy that a transaction with reads works on is dropped',
    file: STORE,
    search: '    this.#keys = keys\n',
    replace: '',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'a range begins too early',
    breaks: 'the key behind which a range is to begin is in it',
    file: KEYSPACE,
    search: '      if (key === after) continue\n',
    replace: '',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'a range leaves keys out and does not say so',
    breaks: 'a range that was cut off is called complete',
    file: KEYSPACE,
    search: 'return { entries, more: true, bytes }',
    replace: 'return { entries, more: false, bytes }',
    stack: 'server',
    maxSeeds: 100,
  },
]
