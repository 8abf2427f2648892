import type { Incarnation } from '../world/host.js'
import type { World } from '../world/world.js'
import type { DiskOperation } from './disk-file-system.js'

/** The operations that come before a lock, or are about the lock itself. */
const UNFENCED: readonly DiskOperation[] = ['createDirectory', 'lock', 'unlock']

/**
 * An oracle of every simulated disk. Once any process has locked a file in a directory, only the process that holds that lock may use
 * the files of the directory: no other process, and not the same process before it has the lock or after it has given the lock back. An
 * operation is looked at when it begins and when the disk carries it out, so that one that is under way when the lock goes is found too.
 * A process gives its lock back with no file of the directory open.
 */
export class Fence {
  readonly #world: World
  /** By directory: the process that holds the lock, or null where it was given back. A directory that was never locked is not here. */
  readonly #holders = new Map<string, Incarnation | null>()
  /** The processes that have given a lock back. */
  readonly #former = new WeakSet<Incarnation>()
  /** The files that each process has open, by their paths, each as often as it is open. */
  readonly #open = new WeakMap<Incarnation, string[]>()

  constructor(world: World) {
    this.#world = world
  }

  locked(lock: string, process: Incarnation): void {
    this.#holders.set(parentOf(lock), process)
    this.#former.delete(process)
  }

  unlocked(lock: string, process: Incarnation): void {
    const directory = parentOf(lock)
    if (this.#holders.get(directory) !== process) return
    this.#holders.set(directory, null)
    this.#former.add(process)
    const left = (this.#open.get(process) ?? []).filter((path) => parentOf(path) === directory)
    if (left.length > 0) this.#broken(process, `gives the lock of ${directory} back while it has ${left.join(' and ')} open`)
  }

  opened(path: string, process: Incarnation): void {
    this.#open.set(process, [...(this.#open.get(process) ?? []), path])
  }

  closed(path: string, process: Incarnation): void {
    const files = [...(this.#open.get(process) ?? [])]
    const at = files.indexOf(path)
    if (at !== -1) files.splice(at, 1)
    this.#open.set(process, files)
  }

  /** To be called when the operation begins, and again when it is carried out. */
  check(operation: DiskOperation, path: string, process: Incarnation): void {
    // It opens the directory once more.
    if (operation === 'createDirectory') this.#former.delete(process)
    if (UNFENCED.includes(operation)) return
    const isOfDirectory = operation === 'syncDirectory' || operation === 'list'
    const directory = isOfDirectory ? path : parentOf(path)
    const holder = this.#holders.get(directory)
    if (holder === undefined || holder === process) return
    // A directory that is made is synced before anybody can lock a file in it.
    if (operation === 'syncDirectory' && !this.#former.has(process)) return
    const why = this.#former.has(process) ? 'after it has given the lock back' : 'without the lock'
    this.#broken(process, `begins or ends '${operation}' on ${path} ${why}`)
  }

  #broken(process: Incarnation, what: string): void {
    this.#world.violated('only the holder of the lock uses the files', `a process on ${process.host.id} ${what}`)
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
