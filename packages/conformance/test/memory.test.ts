import type { Clock } from '@raft/core'
import { MemoryLogStorage, MemoryNetwork } from '@raft/core/memory'
import { describe, test } from 'vitest'
import { logStorageSuite, transportSuite } from '../src/index.js'

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

describe('MemoryNetwork', () => {
  transportSuite({
    test,
    make: () => {
      const network = new MemoryNetwork(clock)
      return {
        // A new transport, with nothing attached, takes the place of the one that stops.
        join: (id) => ({ transport: network.transport(id), member: { id, addresses: {} }, stop: () => void network.transport(id) }),
      }
    },
    unsupported: ['lanes'],
  })
})
