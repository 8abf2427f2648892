interface BrokenOptions extends ErrorOptions {
  readonly oracle: string
}

/** A promise that was not kept. */
export class Broken extends Error {
  override readonly name = 'Broken'
  readonly oracle: string

  constructor(message: string, options: BrokenOptions) {
    super(message, options)
    this.oracle = options.oracle
  }
}

export function demand(condition: boolean, oracle: string, message: () => string): void {
  if (!condition) throw new Broken(message(), { oracle })
}
