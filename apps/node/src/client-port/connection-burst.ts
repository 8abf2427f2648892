import { now, setImmediate } from '@raft/system'

/** So long requests wait at most, and until the turn is over, in ms. */
const LONGEST_WAIT = 10
/** So many requests wait at most. */
const MOST_WAITING = 4096

/**
 * Node's event loop takes one new connection in each of its turns. Were each turn full of requests to work on, the last of
 * hundreds who connect at once would wait for hundreds of such turns, more than a second. So while connections come, requests
 * wait: the turns are short, and what has waited is worked on together.
 */
export class ConnectionBurst {
  readonly #waiting: (() => void)[] = []
  /** Since when connections come, in ms; null while none does, and nothing waits. */
  #since: number | null = null
  #cameThisTurn = false

  /** A connection has come. */
  came(): void {
    this.#cameThisTurn = true
    if (this.#since !== null) return
    this.#since = now()
    setImmediate(this.#endTurn)
  }

  /** Carries `work` out: at once while no connection comes, otherwise behind what waits already. */
  run(work: () => void): void {
    if (this.#since === null) {
      work()
      return
    }
    this.#waiting.push(work)
    if (this.#waiting.length === MOST_WAITING) this.flush()
  }

  /** Carries out at once what waits. Where some of it throws, what is behind it waits on. */
  flush(): void {
    for (let work = this.#waiting.shift(); work !== undefined; work = this.#waiting.shift()) work()
  }

  readonly #endTurn = (): void => {
    const isLate = now() - (this.#since as number) >= LONGEST_WAIT
    const isOver = isLate || !this.#cameThisTurn
    this.#cameThisTurn = false
    try {
      if (isOver) this.flush()
    } finally {
      if (isOver && this.#waiting.length === 0) this.#since = null
      else setImmediate(this.#endTurn)
    }
  }
}
