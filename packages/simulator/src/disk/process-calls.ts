import type { Incarnation } from '../world/host.js'
import type { DiskOperation } from './disk-file-system.js'
import type { DiskConditions } from './host-disk.js'
import type { SimulatedDisk } from './simulated-disk.js'
import { systemError } from './system-error.js'

type Rate = 'openErrors' | 'readErrors' | 'writeErrors' | 'syncErrors'

/** As faults are counted. */
const FAULTS: Record<keyof Pick<DiskConditions, Rate>, string> = {
  openErrors: 'open error',
  readErrors: 'read error',
  writeErrors: 'write error',
  syncErrors: 'sync error',
}

interface Call {
  readonly name: string
  readonly rate: Rate | null
  readonly needsDescriptor?: true
}

const CALLS: Record<DiskOperation, Call> = {
  createDirectory: { name: 'mkdir', rate: 'openErrors' },
  list: { name: 'scandir', rate: 'openErrors', needsDescriptor: true },
  create: { name: 'open', rate: 'openErrors', needsDescriptor: true },
  open: { name: 'open', rate: 'openErrors', needsDescriptor: true },
  rename: { name: 'rename', rate: 'openErrors' },
  remove: { name: 'unlink', rate: 'openErrors' },
  syncDirectory: { name: 'fsync', rate: 'syncErrors', needsDescriptor: true },
  lock: { name: 'open', rate: 'openErrors', needsDescriptor: true },
  unlock: { name: 'close', rate: null },
  size: { name: 'fstat', rate: null },
  read: { name: 'read', rate: 'readErrors' },
  write: { name: 'write', rate: 'writeErrors' },
  sync: { name: 'fdatasync', rate: 'syncErrors' },
  close: { name: 'close', rate: null },
}

/**
 * What one life of a process asks of a disk. Each call is carried out, and answered, by one later event.
 *
 * How promises settle deterministically: after each event, the world's loop lets everything run that follows from promises
 * which the event has settled, and takes the next event only then. So whoever awaits goes on within the event that answered,
 * as a callback would, and no order depends on how long a chain of promises is.
 */
export class ProcessCalls {
  readonly disk: SimulatedDisk
  readonly #incarnation: Incarnation

  constructor(disk: SimulatedDisk, incarnation: Incarnation) {
    this.disk = disk
    this.#incarnation = incarnation
  }

  get incarnation(): Incarnation {
    return this.#incarnation
  }

  /** The dead ask for nothing. */
  get isAlive(): boolean {
    return this.#incarnation.isAlive
  }

  /**
   * `carryOut` happens once the disk gets to it, whether the process still lives or not, with the error that was chosen for
   * it or null; what it gives back is told to the process, if that lives, once it is not paused.
   */
  begin(operation: DiskOperation, path: string, carryOut: (fault: Error | null) => () => void): void {
    const { disk } = this
    if (!this.isAlive) return
    disk.fence.check(operation, path, this.#incarnation)
    const chosen = disk.onOperation?.(operation, path) ?? null
    disk.work.begin(() => {
      disk.fence.check(operation, path, this.#incarnation)
      if (chosen !== null) disk.work.hasFailed(`${operation} error`)
      const tell = carryOut(chosen ?? this.#drawFault(operation, path))
      this.#incarnation.bind(tell)()
    })
  }

  /** Answers with what `perform` gives, or throws; a call that fails has changed nothing. */
  ask<T>(operation: DiskOperation, path: string, perform: () => T): Promise<T> {
    return this.#promise(operation, path, (fault) => {
      if (fault !== null) throw fault
      return perform()
    })
  }

  /** As `ask`, for changes of names: whether one that failed was made nevertheless, nobody knows. */
  change<T>(operation: DiskOperation, path: string, perform: () => T): Promise<T> {
    return this.#promise(operation, path, (fault) => {
      if (fault !== null) {
        // The system looks for a descriptor first, and does nothing where there is none.
        if (!isShortage(fault) && this.disk.random.chance(0.5)) perform()
        throw fault
      }
      return perform()
    })
  }

  #promise<T>(operation: DiskOperation, path: string, carryOut: (fault: Error | null) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.begin(operation, path, (fault) => {
        try {
          const value = carryOut(fault)
          return () => resolve(value)
        } catch (error) {
          return () => reject(error)
        }
      })
    })
  }

  #drawFault(operation: DiskOperation, path: string): Error | null {
    const { name, rate, needsDescriptor } = CALLS[operation]
    const { work, conditions } = this.disk
    if (needsDescriptor && this.disk.lacksDescriptor()) return systemError('EMFILE', name, path)
    if (rate === null || !work.fails(FAULTS[rate], conditions[rate])) return null
    return systemError('EIO', name, path)
  }
}

function isShortage(error: Error): boolean {
  return 'code' in error && error.code === 'EMFILE'
}
