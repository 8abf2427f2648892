/** Works on everything in order, so many at once. A promise for each, to be awaited alone, whenever: what fails meanwhile waits too. */
export function inParallel<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): ReadonlyMap<Item, Promise<Result>> {
  const results = new Map<Item, Promise<Result>>()
  const running = new Set<Promise<unknown>>()
  let previousBegan: Promise<unknown> = Promise.resolve()
  for (const item of items) {
    const began = previousBegan.then(async () => {
      if (running.size >= atOnce) await Promise.race(running)
      const result = work(item)
      const ended: Promise<unknown> = result.then(
        () => running.delete(ended),
        () => running.delete(ended),
      )
      running.add(ended)
      return { result }
    })
    previousBegan = began
    const ending = began.then(({ result }) => result)
    ending.catch(() => {})
    results.set(item, ending)
  }
  return results
}
