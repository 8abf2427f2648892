import type { HostDisk } from '../disk/host-disk.js'
import type { Facts } from '../facts/facts.js'
import type { Host, Incarnation } from '../world/host.js'
import type { Prng } from '../world/prng.js'

/** Maximum number of times that it tries to open a directory which is in use. */
const MAX_ATTEMPTS = 40
/** Upper bound on the mean pause between two attempts, in ms: shorter than closing takes, so that it comes at every moment of it. */
const LONGEST_PAUSE = 4

/**
 * A process that somebody starts on the directory of a member, while the member's own process runs or stops. It must be told that the
 * directory is in use, or find everything in order there; that it touches nothing before it has the lock, and the member nothing after
 * it has given the lock back, is seen by the disk.
 */
export class SecondProcess {
  readonly #host: Host
  readonly #disk: HostDisk
  readonly #facts: Facts
  #incarnation: Incarnation | null = null

  constructor(host: Host, disk: HostDisk, facts: Facts) {
    this.#host = host
    this.#disk = disk
    this.#facts = facts
  }

  /** @param open opens the directory in the process that is given, and closes it */
  begin(random: Prng, open: (incarnation: Incarnation) => Promise<'opened' | 'in use'>): void {
    if (this.#incarnation !== null) return
    this.#facts.world.count('second process')
    const incarnation = this.#host.beginBeside()
    this.#incarnation = incarnation
    const pause = random.between(0.2, LONGEST_PAUSE)
    let attempts = 0
    const attempt = (): void => {
      if (!incarnation.isAlive) return
      attempts += 1
      const excuses = this.#excuses
      open(incarnation).then(
        (outcome) => {
          if (!incarnation.isAlive) return
          this.#facts.world.note(`a second process on ${this.#host.id}`, outcome)
          if (outcome === 'opened') this.#facts.world.count('directory opened by a second process')
          if (outcome === 'opened' || attempts === MAX_ATTEMPTS) this.#finish()
          else this.#facts.world.after(random.exponential(pause), attempt)
        },
        (error: unknown) => {
          if (!incarnation.isAlive) return
          if (this.#excuses === excuses)
            this.#facts.violated('a second process is refused, or finds all in order', `on ${this.#host.id}: ${String(error)}`)
          this.#finish()
        },
      )
    }
    this.#facts.world.after(random.exponential(pause), attempt)
  }

  /** It is killed. Where the member's process runs, that is about to end too, with all that the disk does for both. */
  end(): void {
    if (this.#incarnation === null) return
    this.#finish()
    if (this.#host.incarnation === null) this.#disk.kill()
  }

  #finish(): void {
    this.#incarnation = null
    this.#host.endBeside()
  }

  /** What the disk has made fail so far, for whichever process. */
  get #excuses(): number {
    return this.#disk.failures + (this.#disk.shortages ?? 0)
  }
}
