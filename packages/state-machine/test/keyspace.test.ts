import { EntryBatch, EntryKind } from '@raft/core'
import { expect, test } from 'vitest'
import { encodeCommand } from '../src/command-encoder.js'
import { Keyspace } from '../src/keyspace.js'
import { PutRun } from '../src/put-run.js'

/** Puts of the value under all keys, which are looked up together, as those of a batch are. */
function putTogether(keyspace: Keyspace, keys: readonly string[], value: string, revision: number): void {
  const commands = keys.map((key) => encodeCommand({ type: 'put', key: Buffer.from(key), value: Buffer.from(value) }))
  const { bytes, offsets } = EntryBatch.of(1, 1, EntryKind.Command, commands)
  const puts = new PutRun()
  puts.begin(bytes)
  puts.read(offsets, 0)
  expect(puts.count).toBe(keys.length)
  const found = keyspace.findAll(puts)
  for (let i = 0; i < puts.count; i++) keyspace.putFound(puts, i, found[i], revision)
}

const readFrom = (keyspace: Keyspace, key: string) => Buffer.from(keyspace.get(Buffer.from(key))?.value ?? []).toString()

test('what a fork shares is not changed by puts that are looked up together', () => {
  const keyspace = new Keyspace()
  putTogether(keyspace, ['a', 'b'], 'before', 1)
  const fork = keyspace.fork()
  putTogether(keyspace, ['a', 'c'], 'after!', 2)
  expect(['a', 'b', 'c'].map((key) => readFrom(keyspace, key))).toEqual(['after!', 'before', 'after!'])
  expect(['a', 'b', 'c'].map((key) => readFrom(fork, key))).toEqual(['before', 'before', ''])
  expect(keyspace.find('a')).toMatchObject({ createRevision: 1, modRevision: 2, version: 2 })
  expect(fork.find('a')).toMatchObject({ createRevision: 1, modRevision: 1, version: 1 })
})
