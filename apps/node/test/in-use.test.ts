import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { FileLogStorage } from '@raft/log-storage'
import { expect, test } from 'vitest'
import { runningMembers } from '../src/local/in-use.js'
import { temporaryDirectory } from './cluster.js'

test('members that run are known by the locks of their directories, and nothing is made where none ran', async () => {
  const directory = temporaryDirectory()
  const storage = new FileLogStorage({ directory: join(directory, 'n2'), clusterId: 'c', memberId: 'n2' })
  await storage.open()
  mkdirSync(join(directory, 'n1'))
  expect(await runningMembers(directory, ['n1', 'n2', 'n3'])).toEqual(['n2'])
  await storage.close()
  expect(await runningMembers(directory, ['n1', 'n2', 'n3'])).toEqual([])
  expect(existsSync(join(directory, 'n1', 'lock'))).toBe(false)
})
