import { clearTimeout, now, setTimeout } from '@raft/system'
/** Takes as many of the bytes as there is room for, without waiting, and says how many. @throws the system's error where it takes none */
export type WriteSome = (bytes: Uint8Array) => number

/** Maximum number of bytes that wait until they are taken. */
const MAX_WAITING_BYTES = 256 * 1024
/** How long after a refusal the next attempt is made; ms. */
const RETRY_INTERVAL = 50
/** How long the last words of a process wait for whoever is slow to take them; ms. */
const LAST_WORDS_TIMEOUT = 250
const LAST_WORDS_INTERVAL = 5

/**
 * Lines on their way to somebody who may take them slowly, or not at all. Neither does a line wait for that, nor do lines fill the
 * memory: those for which there is no room are dropped and counted. Each line is a write of its own, so that the lines of several
 * processes that share a pipe do not mix.
 */
export class LineSink {
  readonly #writeSome: WriteSome
  readonly #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #dropped = 0
  #timer: NodeJS.Timeout | undefined
  /** The last attempt failed for another reason than that there is no room at the moment. */
  #isBroken = false
  /** Called when lines are taken again after some were dropped, with their number. What it writes stands in their place. */
  onLoss: (dropped: number) => void = () => {}

  constructor(writeSome: WriteSome) {
    this.#writeSome = writeSome
  }

  /** @param line with the line break at its end */
  write(line: string): void {
    const bytes = Buffer.from(line)
    // After a loss nothing is taken until the loss can be told: the lines stay in order.
    if (this.#dropped > 0 || (this.#waitingBytes > 0 && this.#waitingBytes + bytes.length > MAX_WAITING_BYTES)) {
      this.#dropped += 1
      return
    }
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (this.#timer === undefined) this.#send()
  }

  /** Waits for the sink for at most 250 ms, and not at all where it is broken: the process ends, and nothing is sent later. */
  flushSync(): void {
    const pause = new Int32Array(new SharedArrayBuffer(4))
    const deadline = now() + LAST_WORDS_TIMEOUT
    clearTimeout(this.#timer)
    this.#send()
    while (this.#waitingBytes > 0 && !this.#isBroken && now() < deadline) {
      Atomics.wait(pause, 0, 0, LAST_WORDS_INTERVAL)
      clearTimeout(this.#timer)
      this.#send()
    }
  }

  #send(): void {
    this.#timer = undefined
    while (this.#waitingBytes > 0) {
      if (!this.#attempt()) {
        this.#timer = setTimeout(() => this.#send(), RETRY_INTERVAL).unref()
        return
      }
    }
    if (this.#dropped === 0) return
    const dropped = this.#dropped
    this.#dropped = 0
    this.onLoss(dropped)
  }

  /** Writes what there is room for of the first line that waits. False where there is none. */
  #attempt(): boolean {
    const [first] = this.#waiting
    if (first === undefined) return false
    let taken: number
    try {
      taken = this.#writeSome(first)
      this.#isBroken = false
    } catch (error) {
      this.#isBroken = (error as NodeJS.ErrnoException).code !== 'EAGAIN'
      return false
    }
    if (taken === first.length) this.#waiting.shift()
    else this.#waiting[0] = first.subarray(taken)
    this.#waitingBytes -= taken
    return taken > 0
  }
}
