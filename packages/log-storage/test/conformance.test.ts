import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logStorageSuite } from '@raft/conformance'
import { describe, test } from 'vitest'
import { FileLogStorage } from '../src/index.js'

describe('FileLogStorage on the files of this machine', () => {
  logStorageSuite({
    test,
    make: async (base) => {
      const directory = await mkdtemp(join(tmpdir(), 'conformance-'))
      return {
        storage: () => new FileLogStorage({ directory, clusterId: 'c1', memberId: 'n1', base, segmentBytes: 65_536 }),
        remove: () => rm(directory, { recursive: true, force: true }),
      }
    },
    // Needs a process that dies: crash.test.ts and process.test.ts.
    unsupported: ['crash'],
  })
})
