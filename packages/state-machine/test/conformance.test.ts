import { encodeCompareAndSet, encodeDelete, encodePut, encodeTransaction } from '@raft/commands'
import { stateMachineSuite } from '@raft/conformance'
import type { Random } from '@raft/core'
import { describe, test } from 'vitest'
import { KeyValueStore } from '../src/index.js'

describe('KeyValueStore', () => {
  stateMachineSuite({ test, make: () => new KeyValueStore(), command, digest: (store) => store.digest() })
})

function command(random: Random): Uint8Array {
  const whole = (below: number) => Math.floor(random() * below)
  const key = Uint8Array.of(97 + whole(6))
  const value = Uint8Array.from({ length: whole(20) }, () => whole(256))
  switch (whole(4)) {
    case 0:
      return encodePut(key, value)
    case 1:
      return encodeDelete(key)
    case 2:
      return encodeCompareAndSet(key, whole(4), value)
    default:
      return encodeTransaction({
        compare: [],
        success: [
          { type: 'put', key, value },
          { type: 'get', key },
        ],
        failure: [],
      })
  }
}
