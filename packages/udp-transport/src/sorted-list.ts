/**
 * Items by ascending number, of which most are added at the end and removed at the beginning. Not a Map: as items come and go, a Map
 * replaces its table again and again, and V8 has each table point to the one after it. Once one table has grown old, all later ones
 * and what they held are kept, and copied, until the whole heap is collected (decision 007).
 */
export class SortedList<T> {
  readonly #numbers: number[] = []
  readonly #items: T[] = []

  get size(): number {
    return this.#numbers.length
  }

  has(number: number): boolean {
    return this.#numbers[this.#placeOf(number)] === number
  }

  get(number: number): T | undefined {
    const place = this.#placeOf(number)
    return this.#numbers[place] === number ? this.#items[place] : undefined
  }

  /** @param number not of one that is here */
  add(number: number, item: T): void {
    const last = this.#numbers.at(-1)
    if (last === undefined || last < number) {
      this.#numbers.push(number)
      this.#items.push(item)
      return
    }
    const place = this.#placeOf(number)
    this.#numbers.splice(place, 0, number)
    this.#items.splice(place, 0, item)
  }

  /** Nothing happens where there is none. */
  delete(number: number): void {
    const place = this.#placeOf(number)
    if (this.#numbers[place] !== number) return
    if (place === 0) {
      this.#numbers.shift()
      this.#items.shift()
    } else {
      this.#numbers.splice(place, 1)
      this.#items.splice(place, 1)
    }
  }

  /** Ascending, until `visit` says false. It may delete the one that it visits. */
  walk(visit: (number: number, item: T) => boolean): void {
    for (let place = 0; place < this.#numbers.length; ) {
      const number = this.#numbers[place] as number
      if (!visit(number, this.#items[place] as T)) return
      if (this.#numbers[place] === number) place += 1
    }
  }

  /** The place of the first item whose number is not below this one. */
  #placeOf(number: number): number {
    let low = 0
    let high = this.#numbers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#numbers[middle] as number) < number) low = middle + 1
      else high = middle
    }
    return low
  }
}
