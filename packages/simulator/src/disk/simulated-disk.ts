import type { Host, Incarnation } from '../world/host.js'
import type { Prng } from '../world/prng.js'
import type { World } from '../world/world.js'
import type { DiskFileSystem, DiskOperation } from './disk-file-system.js'
import { DiskTree } from './disk-tree.js'
import { DiskWork } from './disk-work.js'
import { Fence } from './fence.js'
import { type DiskConditions, type HostDisk, healthyDisk } from './host-disk.js'
import type { Inode, UnsyncedWrite } from './inode.js'
import { type Losses, noLosses } from './losses.js'
import { ProcessFileSystem } from './process-file-system.js'

/**
 * A disk with files on it, as hostile as one may be. Losing power leaves any part of what was being written, sector by sector,
 * the sectors in any order and torn at any byte; sizes without bytes; and any of the names that were not synced. A failed write
 * or sync is seen by readers, maybe, and never stored. What was made durable, and said to be, stays.
 */
export class SimulatedDisk implements HostDisk {
  readonly conditions: DiskConditions = { ...healthyDisk }
  /** Chance that a read or a write takes less than it was asked to, which is no fault. */
  shortTransfers = 0.02
  /** For faults at a chosen place: sees every operation as it begins, and gives the error that it fails with, or null. */
  onOperation: ((operation: DiskOperation, path: string) => Error | null) | null = null
  readonly world: World
  readonly random: Prng
  readonly work: DiskWork
  readonly fence: Fence
  #tree = new DiskTree()
  #isFull = false
  #lacksDescriptors = false
  #shortages = 0
  readonly #locks = new Map<string, Incarnation>()
  #openFiles = 0

  constructor(host: Host) {
    this.world = host.world
    this.random = host.world.random(`disk ${host.id}`)
    this.work = new DiskWork(this.world, this.random, this.conditions)
    this.fence = new Fence(this.world)
  }

  /** The files, for one life of the process on this host. */
  fileSystem(incarnation: Incarnation): DiskFileSystem {
    return new ProcessFileSystem(this, incarnation)
  }

  get failures(): number {
    return this.work.failures
  }

  get shortages(): number {
    return this.#shortages
  }

  /** Operations that have begun and not ended. */
  get underWay(): number {
    return this.work.underWay
  }

  /** Files that the process has open. */
  get openFiles(): number {
    return this.#openFiles
  }

  get tree(): DiskTree {
    return this.#tree
  }

  get isFull(): boolean {
    return this.#isFull
  }

  stall(): void {
    this.work.stall()
  }

  resume(): void {
    this.work.resume()
  }

  fill(): void {
    this.#isFull = true
  }

  makeRoom(): void {
    this.#isFull = false
  }

  takeDescriptors(): void {
    this.#lacksDescriptors = true
  }

  giveDescriptors(): void {
    this.#lacksDescriptors = false
  }

  /** Whether an operation that needs a descriptor fails now. */
  lacksDescriptor(): boolean {
    if (!this.#lacksDescriptors) return false
    this.#shortages += 1
    this.world.count('no descriptor')
    return true
  }

  crash(): void {
    this.#end()
    this.#lose((losses) => this.#tree.crash(this.random, losses))
  }

  kill(): void {
    this.#end()
    this.#lose((losses) => {
      for (const inode of this.#tree.inodes()) inode.kill(this.random, losses)
    })
  }

  wipe(): void {
    this.#end()
    this.#tree = new DiskTree()
  }

  snapshot(): () => void {
    const files = this.paths().map((path) => [path, this.contents(path)] as const)
    return () => {
      this.wipe()
      for (const [path, bytes] of files) this.replace(path, bytes)
    }
  }

  /** A bit of some file changes; tells which byte, or null when there is none. Made known to nobody: reading it finds out. */
  rot(random: Prng): { readonly path: string; readonly offset: number } | null {
    const path = this.paths().filter((one) => this.#tree.find(one, 'open').size > 0)
    if (path.length === 0) return null
    const rotten = random.pick(path)
    const inode = this.#tree.find(rotten, 'open')
    const offset = random.below(inode.size)
    inode.flip(offset, random.below(8))
    this.world.count('bit rot')
    return { path: rotten, offset }
  }

  /** The names of all files, in order. */
  paths(): string[] {
    return this.#tree.paths()
  }

  /** A copy of what readers see. */
  contents(path: string): Uint8Array {
    const inode = this.#tree.find(path, 'open')
    const bytes = new Uint8Array(inode.size)
    inode.read(bytes, 0)
    return bytes
  }

  /** Changes a file, or makes one, behind everybody's back; durable at once. */
  replace(path: string, bytes: Uint8Array): void {
    this.#tree.put(path).replace(bytes)
  }

  /** Takes a file away behind everybody's back; durable at once. */
  delete(path: string): void {
    this.#tree.take(path)
  }

  /** The lock is held by a process that lives. */
  isLocked(path: string): boolean {
    return this.#locks.get(path)?.isAlive === true
  }

  /** False when a process that lives holds it. */
  tryLock(path: string, incarnation: Incarnation): boolean {
    if (this.isLocked(path)) return false
    this.#locks.set(path, incarnation)
    this.fence.locked(path, incarnation)
    return true
  }

  unlock(path: string, incarnation: Incarnation): void {
    this.#locks.delete(path)
    this.fence.unlocked(path, incarnation)
  }

  /** How many of so many bytes are transferred at once: all, mostly. */
  shortened(length: number): number {
    return length > 1 && this.random.chance(this.shortTransfers) ? 1 + this.random.below(length - 1) : length
  }

  /** The system may have taken none of it when the process is killed, or some. */
  beginWrite(inode: Inode, bytes: Uint8Array, position: number): UnsyncedWrite {
    const taken = this.random.chance(0.5) ? 0 : this.random.below(bytes.length + 1)
    return inode.begin(bytes, position, taken)
  }

  fileOpened(): void {
    this.#openFiles += 1
  }

  fileClosed(): void {
    this.#openFiles -= 1
  }

  #end(): void {
    this.work.abandon()
    this.#openFiles = 0
  }

  #lose(lose: (losses: Losses) => void): void {
    const losses = noLosses()
    lose(losses)
    for (const [what, times] of Object.entries(losses)) if (times > 0) this.world.count(what, times)
  }
}
