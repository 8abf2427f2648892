import type { EntryBatch, LogStorage, LogWrite, StoredLog } from '@raft/core'
import type { Observer } from './observer.js'

/** A member's storage, with what it owes written down beside it. */
export class ObservedStorage implements LogStorage {
  readonly #storage: LogStorage
  readonly #observer: Observer
  #hasClosed = false

  constructor(storage: LogStorage, observer: Observer) {
    this.#storage = storage
    this.#observer = observer
  }

  async open(): Promise<StoredLog> {
    const stored = await this.#storage.open()
    const { id, facts, oracles, incarnation } = this.#observer
    if (incarnation.isAlive) {
      facts.world.note(`${id} opens`, stored.hardState.currentTerm, stored.hardState.votedFor, stored.lastIndex)
      oracles.tell('onOpened', id, stored)
    }
    return stored
  }

  write(write: LogWrite, done: (error: Error | null) => void): void {
    const { id, facts, oracles, incarnation, speaker } = this.#observer
    const { world } = facts
    const first = write.entries[0]?.firstIndex ?? 0
    const last = write.entries.at(-1)?.lastIndex ?? 0
    world.note(`${id} writes`, write.hardState?.currentTerm ?? '-', write.hardState?.votedFor ?? '-', first, last)
    oracles.tell('onWrite', id, write, speaker().role === 'leader')
    facts.append(write.entries)
    const log = facts.log(id)
    const problem = log.issue(write, world.now)
    if (problem !== null) world.violated('writes as the port wants', `${id}: ${problem}`)
    this.#storage.write(write, (error) => {
      if (incarnation.isAlive) {
        if (error === null) log.complete()
        world.note(`${id} ${error === null ? 'has written' : 'fails to write'}`, log.lastIndex)
      }
      done(error)
    })
  }

  read(from: number, to: number, maxBytes: number, done: (error: Error | null, entries: EntryBatch | null) => void): void {
    const { id, facts, oracles, incarnation } = this.#observer
    oracles.tell('onReadBegun', id)
    const { baseIndex, lastIndex } = facts.log(id)
    if (from <= baseIndex || to > lastIndex || from > to)
      facts.violated('reads as the port wants', `${id} reads ${from} to ${to} of ${baseIndex} to ${lastIndex}`)
    this.#storage.read(from, to, maxBytes, (error, entries) => {
      if (entries !== null && incarnation.isAlive) {
        if (entries.firstIndex !== from || entries.lastIndex > to || entries.count === 0)
          facts.violated('reads what was asked for', `${id} asked for ${from} to ${to}, got ${entries.firstIndex} to ${entries.lastIndex}`)
        oracles.tell('onRead', id, entries)
      }
      done(error, entries)
    })
  }

  /** The node has begun to stop. */
  get hasClosed(): boolean {
    return this.#hasClosed
  }

  close(): Promise<void> {
    this.#hasClosed = true
    return this.#storage.close()
  }
}
