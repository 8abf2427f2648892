import type { Clock } from '@raft/client'

/** How late a call may end, in ms by the clock of whoever made it: as late as deadlines may be noticed, and a little more. */
const MOST_LATE = 60

/** Each call must end at its deadline at the latest, whatever happens. */
export class Punctuality {
  readonly #onLate: (message: string) => void

  constructor(onLate: (message: string) => void) {
    this.#onLate = onLate
  }

  /**
   * The check sets its own timers by the caller's clock, which may be slow, jump, or stand still together with the process: a timer that
   * is late because of that makes the check late as well. It waits in two steps, so that timers that were due when a process stood still
   * all come before the second one.
   *
   * @param timeout of the call that begins now, in ms
   * @returns to be called when the call has ended
   */
  begin(clock: Clock, timeout: number, what: string): () => void {
    let cancel = clock.schedule(clock.now() + timeout + MOST_LATE / 2, () => {
      cancel = clock.schedule(clock.now() + MOST_LATE / 2, () => {
        this.#onLate(`${what} has not ended ${MOST_LATE} ms after its deadline, which was ${Math.round(timeout)} ms after its begin`)
      })
    })
    return () => cancel()
  }
}
