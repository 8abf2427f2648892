import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logStorageSuite } from '@raft/conformance'
import { describe, test } from 'vitest'
import { realStorages } from './support/real-storages.js'

describe.each(realStorages)('$name on the files of this machine', ({ make }) => {
  logStorageSuite({
    test,
    make: async (base) => {
      const directory = await mkdtemp(join(tmpdir(), 'conformance-'))
      return {
        storage: () => make({ directory, clusterId: 'c1', memberId: 'n1', base }),
        remove: () => rm(directory, { recursive: true, force: true }),
      }
    },
    // Needs a process that dies: process.test.ts, and for files the simulated disk of conformance.test.ts.
    unsupported: ['crash'],
  })
})
