import type { LogStorage } from '@raft/core'
import { MemoryLogStorage } from '@raft/core/memory'
import type { LogStoragePlace } from '../../src/index.js'

const clock = { defer: (callback: () => void) => void setImmediate(callback) }

/** What a broken storage does in place of a sound one; `isDead` once the process is. */
export type Breaking = (sound: LogStorage, isDead: () => boolean) => Partial<LogStorage>

/** A place in memory that survives crashes; every storage on it is broken in the same way. */
export function memoryPlace(breaking: Breaking = () => ({})): LogStoragePlace {
  const disk = new MemoryLogStorage(clock)
  let incarnation = 0
  return {
    storage: () => {
      const mine = incarnation
      let isOpen = false
      const isDead = () => mine !== incarnation
      const sound: LogStorage = {
        open: async () => {
          const stored = await disk.open()
          isOpen = true
          return stored
        },
        write: (write, done) => {
          if (!isDead()) disk.write(write, done)
        },
        read: (from, to, maxBytes, done) => {
          if (!isDead()) disk.read(from, to, maxBytes, done)
        },
        close: () => (isOpen && !isDead() ? disk.close() : Promise.resolve()),
      }
      return { ...sound, ...breaking(sound, isDead) }
    },
    crash: () => {
      incarnation += 1
      return disk.close()
    },
  }
}
