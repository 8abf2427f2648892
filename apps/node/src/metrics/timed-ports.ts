import type { EntryBatch, LogStorage, StateMachine } from '@raft/core'
import { now } from '@raft/system'

/** The same storage, with the time of every write told in ms. */
export function timedStorage(storage: LogStorage, observe: (milliseconds: number) => void): LogStorage {
  return {
    open: () => storage.open(),
    write: (write, done) => {
      const startedAt = now()
      storage.write(write, (error) => {
        observe(now() - startedAt)
        done(error)
      })
    },
    read: (from, to, maxBytes, done) => storage.read(from, to, maxBytes, done),
    close: () => storage.close(),
  }
}

/** The same state machine, with the time of every batch told in ms. */
export function timedStateMachine<Result>(machine: StateMachine<Result>, observe: (milliseconds: number) => void): StateMachine<Result> {
  return {
    get lastApplied() {
      return machine.lastApplied
    },
    apply: (entries: EntryBatch, awaitedFrom: number) => {
      const startedAt = now()
      const results = machine.apply(entries, awaitedFrom)
      if (results instanceof Promise) return results.finally(() => observe(now() - startedAt))
      observe(now() - startedAt)
      return results
    },
  }
}
