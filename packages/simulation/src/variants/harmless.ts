export interface Harmless {
  readonly breaks: string
  readonly why: string
}

/** What was tried as a variant and turned out to break no promise: so that nobody tries it again. */
export const harmless: readonly Harmless[] = []
