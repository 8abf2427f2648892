import { ConfigurationError } from './call-errors.js'
import type { Range } from './command.js'
import { type Entry, encodeRange, type Page } from './entry.js'
import { ProtocolError } from './errors.js'
import type { Key } from './keys.js'
import type { ReadOptions } from './options.js'

const DEFAULT_PAGE = 1_000

export interface PageOptions extends Range<Key>, ReadOptions {}

export interface RangeOptions extends PageOptions {
  /** Maximum number of entries that are asked for at once. Default 1,000. */
  readonly pageSize?: number
}

/** All entries of a range, page by page. What is asked for with the last page is what was asked for with the first. */
export async function* readPages<V>(
  options: RangeOptions,
  readPage: (selection: PageOptions) => Promise<Page<V>>,
): AsyncGenerator<Entry<V>, void, undefined> {
  const pageSize = options.pageSize ?? DEFAULT_PAGE
  if (!Number.isInteger(pageSize) || pageSize < 1) throw new ConfigurationError('pageSize: a whole number over 0 was expected')
  const { prefix = '', after: first, limit = 0 } = encodeRange(options)
  const whole = { ...options, prefix: Buffer.from(prefix) }
  let left = limit === 0 ? Number.POSITIVE_INFINITY : limit
  let after = first === undefined ? undefined : Buffer.from(first)
  while (left > 0) {
    const selection = { ...whole, limit: Math.min(left, pageSize) }
    const page = await readPage(after === undefined ? selection : { ...selection, after })
    yield* page.entries
    left -= page.entries.length
    const last = page.entries.at(-1)
    if (!page.more || last === undefined) return
    if (after !== undefined && Buffer.compare(last.keyBytes, after) <= 0)
      throw new ProtocolError('a page of a range that does not go on behind the one before')
    after = Buffer.from(last.keyBytes)
  }
}
