import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { EntryBatch, EntryKind } from '@raft/core'
import { expect, test } from 'vitest'
import { FileLogStorage } from '../src/index.js'
import { LevelLogStorage } from '../src/level/index.js'
import { LmdbLogStorage } from '../src/lmdb/index.js'
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

test('the example of LMDB and LevelDB, as it stands there', async () => {
  const root = await mkdtemp(`${tmpdir()}/raft-log-`)
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const section = readme.slice(readme.indexOf('## LMDB and LevelDB'))
  const program = /```ts\n([\s\S]*?)```/.exec(section)?.[1]
  if (program === undefined) throw new Error('the section has no program')
  const path = fileURLToPath(new URL(`./.readme-${process.pid}.ts`, import.meta.url))
  await writeFile(path, program.replaceAll("'data/", `'${root}/data/`))
  try {
    await import(/* @vite-ignore */ path)
  } finally {
    await rm(path)
  }
  const options = { clusterId: 'demo', memberId: 'n1' }
  for (const storage of [
    new LmdbLogStorage({ directory: `${root}/data/in-lmdb`, ...options }),
    new LevelLogStorage({ directory: `${root}/data/in-level`, ...options }),
  ]) {
    expect(await contentsOf(storage)).toEqual({ hardState: { currentTerm: 1, votedFor: 'n1' }, base: 0, entries: ['1:hello'] })
    await storage.close()
  }
  await rm(root, { recursive: true })
})
