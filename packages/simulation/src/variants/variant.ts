import type { PlanOptions } from '@raft/simulator'

/** The production source with one thing broken, which a simulation must find. */
export interface Variant {
  /** A few words, unlike those of any other. */
  readonly name: string
  /** In a sentence: the mistake that somebody could have made. */
  readonly breaks: string
  /** Below the top of the repository. */
  readonly file: string
  /** Occurs in the file exactly once: where it does not, the variant is out of date, and that is an error. */
  readonly search: string
  readonly replace: string
  /** What is simulated. */
  readonly stack: string
  /** It must be found within so many seeds, from 1 on. */
  readonly maxSeeds: number
  /** What is fixed for all seeds, where chance alone would take too long. */
  readonly options?: PlanOptions
}

/** The file's text with the variant's mistake in it. @throws Error when the place is not there, or not the only one */
export function broken({ name, file, search, replace }: Variant, source: string): string {
  const places = source.split(search).length - 1
  if (places !== 1) throw new Error(`variant "${name}": in ${file} there are ${places} places, where one was expected, of: ${search}`)
  const at = source.indexOf(search)
  return source.slice(0, at) + replace + source.slice(at + search.length)
}

export function seedsFromTheFirst({ maxSeeds }: Variant): number[] {
  return Array.from({ length: maxSeeds }, (_, i) => i + 1)
}
