/** What goes wrong on a disk. Chances are from 0 to 1 for every operation, times in ms. */
export interface DiskConditions {
  /** Mean time of an operation. */
  delay: number
  /** Chance of up to `maxSlow` more. */
  slowness: number
  maxSlow: number
  writeErrors: number
  syncErrors: number
  readErrors: number
  /** Of opening, creating, renaming, removing and listing files. */
  openErrors: number
  /** Each operation takes `delay` exactly. Default false. */
  isSteady?: boolean
}

export const healthyDisk: Readonly<DiskConditions> = {
  delay: 0.2,
  slowness: 0,
  maxSlow: 100,
  writeErrors: 0,
  syncErrors: 0,
  readErrors: 0,
  openErrors: 0,
  isSteady: false,
}

/** The disk of one host, as whoever makes faults sees it, whatever is stored on it. */
export interface HostDisk {
  readonly conditions: DiskConditions
  /** How many operations it has made fail so far: a member that stops after one is excused. */
  readonly failures: number
  /** Operations that have begun and not ended. */
  readonly underWay: number
  /** Nothing is completed, from now until `resume`. */
  stall(): void
  resume(): void
  /** There is no room for more, from now until `makeRoom`. */
  fill(): void
  makeRoom(): void
  /** The process that uses it has no file descriptor left, from now until `giveDescriptors`: what opens a file fails, and changes nothing. */
  takeDescriptors?(): void
  giveDescriptors?(): void
  /** How many operations have failed for want of a descriptor: a member that runs must bear that. Default: none. */
  readonly shortages?: number
  /** The power is lost: of what was not durable, anything may be there or not, in any part. */
  crash(): void
  /** The process was killed: what the system was given stays; of what was being written, any part may be there. */
  kill(): void
  /** An empty disk in place of this one. */
  wipe(): void
  /** A copy of what it holds. What comes back puts the copy in the place of what it holds then, while no process runs. */
  snapshot?(): () => void
}
