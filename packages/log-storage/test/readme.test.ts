import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { EntryBatch, EntryKind } from '@raft/core'
import { expect, test } from 'vitest'
import { FileLogStorage } from '../src/index.js'
import { contentsOf } from './support/log.js'

test('the example of the README, on real files', async () => {
  const root = await mkdtemp(`${tmpdir()}/raft-log-`)
  const options = { directory: `${root}/data/group-0`, clusterId: 'demo', memberId: 'n1' }
  const storage = new FileLogStorage(options)
  const { lastIndex } = await storage.open()
  const entries = EntryBatch.of(lastIndex + 1, 1, EntryKind.Command, [Buffer.from('hello')])
  await new Promise<void>((resolve, reject) => {
    storage.write({ hardState: { currentTerm: 1, votedFor: 'n1' }, entries: [entries] }, (error) =>
      error === null ? resolve() : reject(error),
    )
  })
  await storage.close()
  const again = new FileLogStorage(options)
  expect(await contentsOf(again)).toEqual({ hardState: { currentTerm: 1, votedFor: 'n1' }, base: 0, entries: ['1:hello'] })
  await again.close()
  await rm(root, { recursive: true })
})
