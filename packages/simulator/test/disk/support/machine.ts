import { type DiskFile, type DiskFileSystem, Host, SimulatedDisk, World } from '../../../src/index.js'

/** A host with a disk, and a process on it. Time passes only where a test says so. */
export class Machine {
  readonly world: World
  readonly host: Host
  readonly disk: SimulatedDisk
  /** As the process that runs now sees them. */
  files: DiskFileSystem

  constructor(seed = 1) {
    this.world = new World(seed)
    this.host = new Host('a', this.world)
    this.disk = new SimulatedDisk(this.host)
    this.disk.shortTransfers = 0
    this.files = this.disk.fileSystem(this.host.begin())
  }

  /** Runs events until the promise is settled. */
  async done<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const settle = () => {
      isSettled = true
    }
    promise.then(settle, settle)
    await this.pass(Number.POSITIVE_INFINITY, () => isSettled)
    if (!isSettled) throw new Error('nothing is left to happen, and it is not done')
    return promise
  }

  /** So many events at most. */
  async pass(events: number, isEnough: () => boolean = () => false): Promise<void> {
    await new Promise(setImmediate)
    const last = this.world.events + events
    await this.world.run(this.world.now + 1e6, () => isEnough() || this.world.events >= last)
  }

  crash(): void {
    this.disk.crash()
    this.files = this.disk.fileSystem(this.host.begin())
  }

  kill(): void {
    this.disk.kill()
    this.files = this.disk.fileSystem(this.host.begin())
  }

  /** A file whose name is durable, with these bytes. */
  async durableFile(path: string, bytes: Uint8Array): Promise<DiskFile> {
    this.disk.replace(path, bytes)
    return this.done(this.files.open(path))
  }
}

/** As much as is taken; rejects with the error. */
export function writeOnce(file: DiskFile, bytes: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    file.write(bytes, 0, bytes.length, position, (error, count) => (error === null ? resolve(count) : reject(error)))
  })
}

export function readOnce(file: DiskFile, length: number, position: number): Promise<Uint8Array> {
  const target = new Uint8Array(length)
  return new Promise((resolve, reject) => {
    file.read(target, 0, length, position, (error, count) => (error === null ? resolve(target.subarray(0, count)) : reject(error)))
  })
}

export function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value)
}
