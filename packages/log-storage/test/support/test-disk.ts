import { type DiskOperation, Host, SimulatedDisk, World } from '@raft/simulator'
import type { FileSystem } from '../../src/index.js'

/** A simulated disk, and one process after another on it, which goes on by itself as soon as it has asked for something. */
export class TestDisk {
  readonly world: World
  readonly simulated: SimulatedDisk
  /** What was begun, as `rename preparing.tmp`. */
  readonly operations: string[] = []
  /** Sees each operation as it begins; what it gives is the operation's error. */
  fail: (operation: DiskOperation, path: string) => Error | null = () => null
  readonly randomBytes: (count: number) => Uint8Array
  readonly #host: Host
  #fileSystem: FileSystem
  #isMoving = false
  #isAsked = false
  #lastEvent = Number.POSITIVE_INFINITY
  #stopped: (() => void) | null = null

  constructor(seed = 1) {
    this.world = new World(seed)
    const random = this.world.random('store ids')
    this.randomBytes = (count) => random.bytes(count)
    this.#host = new Host('host', this.world)
    this.simulated = new SimulatedDisk(this.#host)
    this.simulated.onOperation = (operation, path) => {
      this.operations.push(`${operation} ${path.slice(path.lastIndexOf('/') + 1)}`)
      this.#move()
      return this.fail(operation, path)
    }
    this.#fileSystem = this.simulated.fileSystem(this.#host.begin())
  }

  /** As the process sees it that runs now. */
  get fileSystem(): FileSystem {
    return this.#fileSystem
  }

  get openFiles(): number {
    return this.simulated.openFiles
  }

  /** Nothing happens any more after so many events, until `crash` or `kill`. Resolves then, or when nothing is left to happen. */
  stopAfter(events: number): Promise<void> {
    this.#lastEvent = this.world.events + events
    return new Promise((resolve) => {
      this.#stopped = resolve
    })
  }

  /** The power is lost, and comes back. */
  crash(): void {
    this.simulated.crash()
    this.#beginAnew()
  }

  /** The process is killed, and begun anew. */
  kill(): void {
    this.simulated.kill()
    this.#beginAnew()
  }

  paths(): string[] {
    return this.simulated.paths()
  }

  contents(path: string): Uint8Array {
    return this.simulated.contents(path)
  }

  replace(path: string, bytes: Uint8Array): void {
    this.simulated.replace(path, bytes)
  }

  /** Changes bytes behind everybody's back. */
  change(path: string, how: (bytes: Uint8Array) => void): void {
    const bytes = this.contents(path)
    how(bytes)
    this.replace(path, bytes)
  }

  delete(path: string): void {
    this.simulated.delete(path)
  }

  /** A second disk that holds the same. */
  clone(seed: number): TestDisk {
    const other = new TestDisk(seed)
    for (const path of this.paths()) other.replace(path, this.contents(path))
    return other
  }

  #beginAnew(): void {
    this.#lastEvent = Number.POSITIVE_INFINITY
    this.#stopped = null
    this.operations.length = 0
    this.#fileSystem = this.simulated.fileSystem(this.#host.begin())
  }

  #move(): void {
    this.#isAsked = true
    if (this.#isMoving) return
    this.#isMoving = true
    setImmediate(() => void this.#run())
  }

  async #run(): Promise<void> {
    const { world } = this
    while (this.#isAsked) {
      this.#isAsked = false
      await world.run(world.now + 1e6, () => world.events >= this.#lastEvent)
    }
    this.#isMoving = false
    this.#stopped?.()
  }
}
