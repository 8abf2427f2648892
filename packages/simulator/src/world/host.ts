import type { Clock } from '@raft/core'
import type { ScheduledEvent } from './event-queue.js'
import type { World } from './world.js'

/** One life of a process: what was bound to it waits while it is paused, and is gone with it. */
export class Incarnation {
  readonly host: Host

  constructor(host: Host) {
    this.host = host
  }

  get isAlive(): boolean {
    return this.host.runs(this)
  }

  /** Wraps a callback so that it waits while the process is paused and vanishes once it is dead. */
  bind(callback: () => void): () => void {
    const bound = (): void => {
      if (!this.isAlive) return
      const { world, pausedUntil } = this.host
      if (world.now < pausedUntil) world.after(pausedUntil - world.now, bound)
      else callback()
    }
    return bound
  }

  /** Fulfilled by an event, `delay` ms from now, as long as the process lives. */
  later<T>(delay: number, value: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.host.world.after(
        delay,
        this.bind(() => {
          try {
            resolve(value())
          } catch (error) {
            reject(error)
          }
        }),
      )
    })
  }
}

/** One machine: its clock, and the life of the process on it, when one runs. */
export class Host {
  readonly id: string
  readonly world: World
  readonly clock: HostClock
  /** By how much its process is late with every turn, in ms. */
  lag = 0
  #incarnation: Incarnation | null = null
  /** Another process beside the one that this host is for. */
  #beside: Incarnation | null = null
  #pausedUntil = 0

  constructor(id: string, world: World) {
    this.id = id
    this.world = world
    this.clock = new HostClock(world)
  }

  get incarnation(): Incarnation | null {
    return this.#incarnation
  }

  get pausedUntil(): number {
    return this.#pausedUntil
  }

  /** A new process, in place of the one that may run. */
  begin(): Incarnation {
    this.#pausedUntil = 0
    this.#incarnation = new Incarnation(this)
    return this.#incarnation
  }

  /** The process is gone at once; what was under way in it vanishes. */
  end(): void {
    this.#incarnation = null
  }

  /** Another process, which runs at the same time. There is one at most: it takes the place of the one before. */
  beginBeside(): Incarnation {
    this.#beside = new Incarnation(this)
    return this.#beside
  }

  endBeside(): void {
    this.#beside = null
  }

  runs(process: Incarnation): boolean {
    return process === this.#incarnation || process === this.#beside
  }

  pause(duration: number): void {
    // Never shorter: what has been put off is put off until then.
    this.#pausedUntil = Math.max(this.#pausedUntil, this.world.now + duration)
  }
}

/** A clock that goes wrong: too fast, too slow, or forward by a jump. It never goes back, as monotonic clocks do not. */
export class HostClock {
  readonly #world: World
  #rate = 1
  #local = 0
  #since = 0
  /** Those that are set. */
  readonly #timers = new Set<() => void>()

  constructor(world: World) {
    this.#world = world
  }

  /** Local ms. */
  now(): number {
    return this.#local + (this.#world.now - this.#since) * this.#rate
  }

  /** From now on so many local ms pass in one of the world's; over 0. Timers keep to the clock. */
  setRate(rate: number): void {
    this.#local = this.now()
    this.#since = this.#world.now
    this.#rate = rate
    for (const setAnew of [...this.#timers]) setAnew()
  }

  /** Forward by so many ms. Timers that are set fire when they would have: late, by their own clock. */
  jump(ms: number): void {
    this.#local += ms
  }

  /** In the world's ms, from now until the local time. */
  until(time: number): number {
    return Math.max(0, (time - this.now()) / this.#rate)
  }

  /** The clock as a process sees it: its timers die with it, and wait while it is paused. */
  of(incarnation: Incarnation, defer: (callback: () => void) => void): Clock {
    return {
      now: () => this.now(),
      schedule: (time, callback) => {
        let event: ScheduledEvent | null = null
        const set = () => {
          event?.cancel()
          if (!incarnation.isAlive) {
            this.#timers.delete(set)
            return
          }
          // A little past the local time: rounding must not wake anybody too early, again and again.
          const one: ScheduledEvent = this.#world.after(
            this.until(time) + 0.01,
            incarnation.bind(() => {
              // Cancelling is not enough: it may have come while the process was paused, and wait for its end.
              if (event === one) due()
            }),
          )
          event = one
        }
        const cancel = () => {
          event?.cancel()
          event = null
          this.#timers.delete(set)
        }
        const due = () => {
          if (this.now() < time) set()
          else {
            cancel()
            callback()
          }
        }
        set()
        this.#timers.add(set)
        return cancel
      },
      defer,
    }
  }
}
