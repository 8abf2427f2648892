/** Answers that are decided, and not yet put into bytes: a slow client would make them pile up. */
export class HeldAnswers {
  readonly #held: (() => void)[] = []
  readonly #isFull: () => boolean

  /** @param isFull whether the client has enough to take */
  constructor(isFull: () => boolean) {
    this.#isFull = isFull
  }

  get isEmpty(): boolean {
    return this.#held.length === 0
  }

  get count(): number {
    return this.#held.length
  }

  /** Whether an answer may be put into bytes at once. */
  get hasRoom(): boolean {
    return this.isEmpty && !this.#isFull()
  }

  /** Carries `give` out as soon as there is room, behind those that wait for it. */
  add(give: () => void): void {
    this.#held.push(give)
  }

  /** Gives as many as there is room for. */
  release(): void {
    let released = 0
    while (released < this.#held.length && !this.#isFull()) this.#held[released++]?.()
    this.#held.splice(0, released)
  }
}
