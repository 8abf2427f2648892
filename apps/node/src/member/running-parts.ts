/** Ends a part. `patience`: ms that it may wait for others, such as clients who read their last answers; 0 for a start that failed. */
export type EndPart = (patience: number) => Promise<void> | void

/** The parts of a member that run. They end in the reverse of the order in which they began, each of them once. */
export class RunningParts {
  readonly #ends: EndPart[] = []
  #ended: Promise<void> | undefined

  /** A part runs, or is about to begin: from now on it has to be ended. */
  add(end: EndPart): void {
    this.#ends.push(end)
  }

  /** Ends all parts, also those behind one that could not be ended. Safe to call twice. @throws the first error of a part */
  end(patience: number): Promise<void> {
    this.#ended ??= this.#endAll(patience)
    return this.#ended
  }

  async #endAll(patience: number): Promise<void> {
    const errors: unknown[] = []
    for (const end of this.#ends.reverse()) {
      try {
        await end(patience)
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }
}
