import type { Clock } from '@raft/core'
import { MemoryLogStorage } from '@raft/core/memory'
import { describe, test } from 'vitest'
import { logStorageSuite } from '../src/index.js'

const clock: Pick<Clock, 'defer'> = { defer: (callback) => void setImmediate(callback) }

// core imports nothing, not even in its tests: its memory ports are certified here.
describe('MemoryLogStorage', () => {
  logStorageSuite({
    test,
    make: () => {
      const storage = new MemoryLogStorage(clock)
      return { storage: () => storage }
    },
    unsupported: ['crash', 'base'],
  })
})
