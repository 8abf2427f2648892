import { OutcomeUnknownError, type Store } from '@raft/node'
import { expect, it } from 'vitest'
import { ConflictError, ReplicatedMap, ReplicatedValue } from '../src/replicated.js'

interface Written {
  readonly prevRevision: number
  readonly value: unknown
}

/** One key at revision 7, which holds 41; `answer` decides what becomes of a compare-and-set. */
function storeOf(answer: () => boolean): { readonly store: Store; readonly written: Written[] } {
  const written: Written[] = []
  const unused = () => Promise.reject(new Error('not expected'))
  const entry = { key: 'n', keyBytes: Buffer.from('n'), value: 41, createRevision: 1, modRevision: 7, version: 1 }
  const store: Store = {
    getEntry: async () => entry,
    get: unused,
    page: unused,
    compareAndSet: async (_key, prevRevision, value) => {
      written.push({ prevRevision, value })
      return { type: 'compareAndSet', succeeded: answer(), revision: 8, modRevision: 8 }
    },
    put: unused,
    delete: unused,
    range: () => {
      throw new Error('not expected')
    },
    transaction: unused,
  }
  return { store, written }
}

const increment = (current: number | undefined = 0) => current + 1

it('an update names the revision that it has read, and tries again when others were faster', async () => {
  let attempts = 0
  const { store, written } = storeOf(() => ++attempts === 3)
  expect(await new ReplicatedValue<number>(store, 'n').update(increment)).toBe(42)
  expect(written).toEqual(new Array(3).fill({ prevRevision: 7, value: 42 }))
})

it('an update gives up after 50 attempts', async () => {
  const { store, written } = storeOf(() => false)
  await expect(new ReplicatedMap<number>(store, 'n').update('entry', increment)).rejects.toThrow(ConflictError)
  expect(written).toHaveLength(50)
})

it('an update whose outcome is unknown is not tried again', async () => {
  const { store, written } = storeOf(() => {
    throw new OutcomeUnknownError('the connection ended')
  })
  await expect(new ReplicatedValue<number>(store, 'n').update(increment)).rejects.toThrow(OutcomeUnknownError)
  expect(written).toHaveLength(1)
})

it('an update that throws writes nothing', async () => {
  const { store, written } = storeOf(() => true)
  const refuse = () => {
    throw new Error('a later leader does the job')
  }
  await expect(new ReplicatedValue<number>(store, 'n').update(refuse)).rejects.toThrow('a later leader')
  expect(written).toEqual([])
})
