import type { Facts } from '../facts/facts.js'

/** Machines that have applied the same entries hold the same, on every member and in every life. */
export class EqualStates {
  readonly #facts: Facts
  /** By index applied: the digest of the first machine that was looked at there. */
  readonly #digests = new Map<number, { readonly digest: string; readonly id: string }>()

  constructor(facts: Facts) {
    this.#facts = facts
  }

  check(id: string, lastApplied: number, digest: string): void {
    const known = this.#digests.get(lastApplied)
    if (known === undefined) this.#digests.set(lastApplied, { digest, id })
    else if (known.digest !== digest)
      this.#facts.violated(
        'equal states',
        `${id} and ${known.id} have applied ${lastApplied} entries and hold ${digest} and ${known.digest}`,
      )
  }
}
