/** So long requests wait at most, in ms. */
const LONGEST_WAIT = 10

/**
 * Node's event loop takes one new connection in each of its turns. Were each turn full of requests to work on, the last of
 * hundreds who connect at once would wait for hundreds of such turns, more than a second. So while connections come, requests
 * wait: the turns are short, and what has waited is worked on together.
 */
export class ConnectionBurst {
  readonly #waiting: (() => void)[] = []
  /** Since when connections come, in ms; null while none does. */
  #since: number | null = null
  #cameThisTurn = false

  /** A connection has come. */
  came(): void {
    this.#cameThisTurn = true
    if (this.#since !== null) return
    this.#since = performance.now()
    setImmediate(this.#endTurn)
  }

  /** Carries `work` out: at once while no connection comes, otherwise behind what waits already. */
  run(work: () => void): void {
    if (this.#since === null) work()
    else this.#waiting.push(work)
  }

  /** Carries out at once what waits. */
  flush(): void {
    for (const work of this.#waiting.splice(0)) work()
  }

  readonly #endTurn = (): void => {
    const isLate = performance.now() - (this.#since as number) >= LONGEST_WAIT
    if (this.#cameThisTurn && !isLate) {
      this.#cameThisTurn = false
      setImmediate(this.#endTurn)
      return
    }
    this.#since = null
    this.flush()
  }
}
