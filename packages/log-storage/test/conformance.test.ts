import { logStorageSuite } from '@raft/conformance'
import { describe, test } from 'vitest'
import { storageOn } from './support/log.js'
import { TestDisk } from './support/test-disk.js'

describe('FileLogStorage on a simulated disk that loses power', () => {
  let seed = 0
  logStorageSuite({
    test,
    make: (base) => {
      const disk = new TestDisk(++seed)
      return { storage: () => storageOn(disk, { base, segmentBytes: 65_536 }), crash: () => disk.crash() }
    },
  })
})
