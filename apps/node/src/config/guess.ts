/** The name of `known` that was probably meant by `name`; null where none is near. Case and separators do not count. */
export function guess(name: string, known: readonly string[]): string | null {
  const given = plain(name)
  let best: string | null = null
  // One mistake in a short name, and one for every three characters of a long one.
  let least = Math.max(1, Math.floor(given.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(given, plain(candidate), least)
    if (distance >= least) continue
    best = candidate
    least = distance
  }
  return best
}

/** The words that follow a name that is not known: empty where nothing is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const meant = guess(name, known)
  return meant === null ? '' : `: did you mean ${meant}?`
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** Characters to insert, delete, replace or swap with a neighbour; `enough` where it is that many or more. */
function editDistance(a: string, b: string, enough: number): number {
  if (Math.abs(a.length - b.length) >= enough) return enough
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, replaced)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, at(beforeLast, j - 2) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return Math.min(at(last, b.length), enough)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0
}
