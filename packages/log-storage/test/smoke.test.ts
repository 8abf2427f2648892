import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { EntryBatch, EntryKind } from '@raft/core'
import { expect, test } from 'vitest'
import { FileLogStorage } from '../src/index.js'

test('what was written is there after closing and opening', async () => {
  const directory = `${mkdtempSync(`${tmpdir()}/log-`)}/group-0`
  const options = { directory, clusterId: 'c', memberId: 'n1', segmentBytes: 4096 }
  const storage = new FileLogStorage(options)
  const opened = await storage.open()
  expect(opened).toEqual({ hardState: { currentTerm: 0, votedFor: null }, baseIndex: 0, baseTerm: 0, lastIndex: 0, runs: [] })
  for (let i = 1; i <= 50; i++) {
    const entries = [EntryBatch.of(i, 1, EntryKind.Command, [Buffer.from(`payload ${i}`)])]
    await new Promise<void>((resolve, reject) =>
      storage.write({ hardState: { currentTerm: 1, votedFor: 'n1' }, entries }, (e) => (e ? reject(e) : resolve())),
    )
  }
  await storage.close()
  const again = new FileLogStorage(options)
  const found = await again.open()
  expect(found).toEqual({
    hardState: { currentTerm: 1, votedFor: 'n1' },
    baseIndex: 0,
    baseTerm: 0,
    lastIndex: 50,
    runs: [{ firstIndex: 1, term: 1 }],
  })
  const batch = await new Promise<EntryBatch | null>((resolve, reject) => again.read(3, 50, 1e6, (e, b) => (e ? reject(e) : resolve(b))))
  expect(batch?.count).toBe(48)
  expect(Buffer.from(batch?.payload(44) ?? []).toString()).toBe('payload 44')
  await again.close()
})
