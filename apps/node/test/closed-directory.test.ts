import { MemberFile } from '@raft/log-storage'
import { expect, test } from 'vitest'
import { openDirectory } from '../src/directory/opened-directory.js'
import { SECRET, temporaryDirectory } from './cluster.js'

const IDS = ['n1', 'n2', 'n3']
const startOf = (starts: number) => ({ storeId: '22'.repeat(16), starts, boot: new Uint8Array(16).fill(starts) })

test('what a member was about to remember when it stopped is written before its directory can be opened again', async () => {
  const members = Object.fromEntries(IDS.map((id) => [id, { peer: '127.0.0.1:1' }]))
  const options = { id: 'n1', members, secret: SECRET, dataDir: temporaryDirectory() }
  const fail = (error: Error) => expect.unreachable(error.message)
  const { storage, identity } = await openDirectory(options, fail, (_what, error) => fail(error))
  const finished: string[] = []
  for (const id of ['n2', 'n3', 'n2']) identity?.remember(id, startOf(id === 'n2' ? 4 : 9), () => finished.push(id))
  await storage.close()
  expect(finished).toEqual(['n2', 'n3', 'n2'])
  const storeId = identity?.storeId ?? ''
  const file = await MemberFile.open({ directory: options.dataDir, storeId, voters: IDS })
  expect([file.starts, file.known('n2'), file.known('n3')]).toEqual([2, startOf(4), startOf(9)])
})
