import assert from 'node:assert/strict'
import type { EntryBatch, LogStorage, LogWrite, StoredLog } from '@raft/core'
import { turns, within } from '../waiting.js'
import { type Base, LogModel } from './model.js'

/** Where one log is kept: a directory, a database. The suite takes a new one for each test. */
export interface LogStoragePlace {
  /** A new storage on this place, not opened. The suite opens one after the other, each on what the one before left. */
  storage(): LogStorage | Promise<LogStorage>
  /**
   * The process dies, or the power goes: what is not durable is lost, every storage made before is dead, and what they hold
   * of the system is let go of. Needed unless `crash` is unsupported.
   */
  crash?(): void | Promise<void>
  /** Removes the place, after the test. No storage on it is open then. */
  remove?(): void | Promise<void>
}

/** One place, and what it must hold, through openings and closings. */
export class Session {
  readonly place: LogStoragePlace
  readonly #timeout: number
  readonly #faults: string[] = []
  #storage: LogStorage | null = null
  model: LogModel

  constructor(place: LogStoragePlace, base: Base, timeout: number) {
    this.place = place
    this.#timeout = timeout
    this.model = new LogModel(base, { currentTerm: base.term, votedFor: null })
  }

  get storage(): LogStorage {
    assert(this.#storage !== null, 'the suite uses a storage that it has not opened')
    return this.#storage
  }

  /** Opens a new storage on the place; what it returns is not checked. */
  async openUnchecked(): Promise<StoredLog> {
    assert(this.#storage === null, 'the suite opens a second storage')
    this.#storage = await this.place.storage()
    return await within(this.#timeout, 'open', this.#storage.open())
  }

  /** Opens, and reads everything back. */
  async open(): Promise<void> {
    this.model.check(await this.openUnchecked())
    await this.checkEntries()
  }

  async reopen(): Promise<void> {
    await this.close()
    await this.open()
  }

  async close(): Promise<void> {
    const storage = this.#storage
    this.#storage = null
    if (storage !== null) await within(this.#timeout, 'close', storage.close())
  }

  async crash(): Promise<void> {
    assert(this.place.crash !== undefined, "the place has no crash(): give it one, or declare 'crash' unsupported")
    this.#storage = null
    await this.place.crash()
  }

  /** Writes, and expects it to be durable then. */
  async write(write: LogWrite): Promise<void> {
    // Before the storage has it, which might change its bytes.
    const after = this.model.after(write)
    await this.startWrite(write)
    this.model = after
  }

  /** Writes, and leaves the model alone. `inDone` is called from inside the first `done` that brings no error. */
  startWrite(write: LogWrite, inDone?: () => void): Promise<void> {
    const { storage } = this
    let next = inDone
    return this.#answer('write', (done) =>
      storage.write(write, (error) => {
        done(error, undefined)
        if (error === null) next?.()
        next = undefined
      }),
    )
  }

  /** Reads, unchecked. */
  startRead(from: number, to: number, maxBytes = Number.MAX_SAFE_INTEGER): Promise<EntryBatch> {
    const { storage } = this
    return this.#answer<EntryBatch | null>('read', (done) => storage.read(from, to, maxBytes, done)).then((entries) => {
      assert(entries !== null, 'read called done with neither an error nor entries')
      return entries
    })
  }

  async read(from: number, to: number, maxBytes = Number.MAX_SAFE_INTEGER): Promise<EntryBatch> {
    const entries = await this.startRead(from, to, maxBytes)
    const fault = this.model.faultIn(entries, from, to, maxBytes)
    assert(fault === null, fault ?? '')
    return entries
  }

  /** Reads the whole log. */
  async checkEntries(): Promise<void> {
    const { base, lastIndex } = this.model
    for (let next = base.index + 1; next <= lastIndex; ) next = (await this.read(next, lastIndex)).lastIndex + 1
  }

  /** Reads the whole log, and once more from a new storage where there may be one. */
  async checkStored(reopens: boolean): Promise<void> {
    await this.checkEntries()
    if (reopens) await this.reopen()
  }

  /** Ends the test after a failure, which is then said together with what else was found. */
  async endAfter(error: unknown): Promise<never> {
    await this.end().catch(() => {})
    if (this.#faults.length > 0 && error instanceof Error) error.message += ` (and: ${this.#faults.join('; ')})`
    throw error
  }

  /** Ends the test: fails for what every test must find kept. */
  async end(): Promise<void> {
    try {
      await this.close()
      await turns()
    } finally {
      await this.place.remove?.()
    }
    assert(this.#faults.length === 0, this.#faults.join('; '))
  }

  #answer<T>(what: string, start: (done: (error: Error | null, value: T) => void) => void): Promise<T> {
    let returned = false
    let calls = 0
    const answered = new Promise<T>((resolve, reject) => {
      start((error, value) => {
        calls += 1
        if (calls > 1) this.#faults.push(`${what} called done ${calls} times`)
        if (!returned) this.#faults.push(`${what} called done before it returned`)
        if (error === null) resolve(value)
        else reject(new Error(`${what} failed: ${error.message}`, { cause: error }))
      })
      returned = true
    })
    return within(this.#timeout, `${what}: done`, answered)
  }
}
