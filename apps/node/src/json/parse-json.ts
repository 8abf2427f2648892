/** A key occurs twice in one object: which of the two was meant, nobody can know. */
export class DuplicateKeyError extends Error {
  /** Where in the text the key is for the second time. */
  readonly index: number
  constructor({ path, index }: Duplicate) {
    super(`the key ${shown(path)} is there twice: keep one of the two`)
    this.index = index
  }
}

/** Arrays and objects lie in each other more deeply than anything that is read here. */
export class NestingError extends Error {
  /** Where in the text the first begins that is too much. */
  readonly index: number
  constructor(index: number) {
    super(`more than ${MAX_DEPTH} arrays and objects lie within each other`)
    this.index = index
  }
}

const MAX_DEPTH = 64
const QUOTE = '"'
const BACKSLASH = 0x5c

/** An object with the keys that it has, or an array; and where in it the text is read. */
interface Level {
  readonly keys: Set<string> | null
  at: string | number
}

interface Duplicate {
  readonly path: readonly (string | number)[]
  readonly index: number
}

/**
 * As `JSON.parse`, which takes the last of two values of one key without a word.
 *
 * @throws SyntaxError for a text that is not JSON; DuplicateKeyError, NestingError
 */
export function parseJson(text: string): unknown {
  const duplicate = findDuplicate(text)
  const value: unknown = JSON.parse(text)
  if (duplicate !== null) throw new DuplicateKeyError(duplicate)
  return value
}

/** The first key that is there twice, by its path; null where there is none. What it says of a text that is not JSON means nothing. */
function findDuplicate(text: string): Duplicate | null {
  const levels: Level[] = []
  let isKeyDue = false
  for (let i = 0; i < text.length; i++) {
    const level = levels.at(-1)
    switch (text[i]) {
      case '{':
      case '[':
        if (levels.length === MAX_DEPTH) throw new NestingError(i)
        isKeyDue = text[i] === '{'
        levels.push({ keys: isKeyDue ? new Set() : null, at: 0 })
        break
      case '}':
      case ']':
        levels.pop()
        isKeyDue = false
        break
      case ',':
        isKeyDue = level?.keys != null
        if (typeof level?.at === 'number') level.at += 1
        break
      case QUOTE: {
        const end = endOfString(text, i + 1)
        if (isKeyDue && level?.keys != null) {
          level.at = keyOf(text.slice(i, end + 1))
          if (level.keys.has(level.at)) return { path: levels.map(({ at }) => at), index: i }
          level.keys.add(level.at)
          isKeyDue = false
        }
        i = end
      }
    }
  }
  return null
}

/** Where the quote is that ends the string which begins at `from`; the end of the text where there is none. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf(QUOTE, from); end >= 0; end = text.indexOf(QUOTE, end + 1)) {
    let escapes = 0
    while (end - escapes > from && text.charCodeAt(end - escapes - 1) === BACKSLASH) escapes += 1
    if (escapes % 2 === 0) return end
  }
  return text.length
}

/** Two spellings may stand for one key. */
function keyOf(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  try {
    return JSON.parse(quoted)
  } catch {
    return quoted
  }
}

function shown(path: readonly (string | number)[]): string {
  const text = path.map((step) => (typeof step === 'number' ? step : JSON.stringify(step))).join(' → ')
  return text.length > 200 ? `…${text.slice(-199)}` : text
}
