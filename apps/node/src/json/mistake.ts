/** A place in a text; both count from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

const SPACE = /[ \t\n\r]*/y
const LITERAL = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
/** What stands in a string: characters that stand for themselves, and escapes. */
const CHARACTERS = /(?:[ !#-[\]-\u{10ffff}]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/uy

/** Thrown by what reads, with the place at which it can read no further. */
class Mistake extends Error {
  readonly index: number
  constructor(index: number) {
    super()
    this.index = index
  }
}

/**
 * Where a text that is not JSON stops being it, as an index into the text. `JSON.parse` says so in some versions of Node, for some
 * mistakes. The text must not be nested so deeply that `parseJson` refuses it for that.
 */
export function mistakeIn(text: string): number {
  try {
    return skip(SPACE, text, readValue(text, skip(SPACE, text, 0)))
  } catch (error) {
    if (error instanceof Mistake) return error.index
    throw error
  }
}

/** Each of these reads what begins at an index, and returns the index behind it. */
type Read = (text: string, at: number) => number

const readValue: Read = (text, at) => {
  if (text[at] === '{') return readList(text, at, '}', readMember)
  if (text[at] === '[') return readList(text, at, ']', readValue)
  if (text[at] === '"') return readString(text, at)
  return moved(at, skip(LITERAL, text, at))
}

const readMember: Read = (text, at) => {
  const colon = skip(SPACE, text, readString(text, at))
  return readValue(text, skip(SPACE, text, readCharacter(text, colon, ':')))
}

const readString: Read = (text, at) => readCharacter(text, skip(CHARACTERS, text, readCharacter(text, at, '"')), '"')

function readList(text: string, from: number, end: string, readItem: Read): number {
  let at = skip(SPACE, text, from + 1)
  if (text[at] === end) return at + 1
  for (;;) {
    at = skip(SPACE, text, readItem(text, at))
    if (text[at] === end) return at + 1
    at = skip(SPACE, text, readCharacter(text, at, ','))
  }
}

function readCharacter(text: string, at: number, character: string): number {
  return moved(at, text[at] === character ? at + 1 : at)
}

function moved(from: number, to: number): number {
  if (to === from) throw new Mistake(from)
  return to
}

export function placeOf(text: string, index: number): Place {
  const before = text.slice(0, index)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: index - lineStart + 1 }
}

/** Behind what the pattern matches at this place, or the place itself. */
function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}
