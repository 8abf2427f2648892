/**
 * Calls and returns in the order of time, from which operations can be lifted and put back: a doubly linked list, as in Wing and Gong's
 * algorithm. The node of a call has the operation's number, that of a return follows after those of all calls.
 */
export class EventList {
  readonly #count: number
  readonly #next: Int32Array
  readonly #previous: Int32Array

  /** `calls` and `returns` by operation; a return that is Infinity is none. */
  constructor(calls: readonly number[], returns: readonly number[]) {
    const count = calls.length
    const timeOf = (node: number) => (node < count ? calls[node] : returns[node - count]) as number
    const nodes = [...calls.keys(), ...[...returns.keys()].filter((i) => returns[i] !== Number.POSITIVE_INFINITY).map((i) => count + i)]
    // At one time calls come before returns, whose numbers are higher, so that the operations overlap.
    nodes.sort((a, b) => timeOf(a) - timeOf(b) || a - b)
    this.#count = count
    this.#next = new Int32Array(2 * count + 1)
    this.#previous = new Int32Array(2 * count + 1)
    let last = this.head
    for (const node of [...nodes, this.head]) {
      this.#next[last] = node
      this.#previous[node] = last
      last = node
    }
  }

  /** Before the first node and after the last. */
  get head(): number {
    return 2 * this.#count
  }

  /** The head is none. */
  isCall(node: number): boolean {
    return node < this.#count
  }

  next(node: number): number {
    return this.#next[node] as number
  }

  previous(node: number): number {
    return this.#previous[node] as number
  }

  /** Takes the call of an operation out, and its return if it has one. */
  lift(operation: number, hasReturn: boolean): void {
    this.#unlink(operation)
    if (hasReturn) this.#unlink(this.#count + operation)
  }

  /** Undoes the last `lift` that was not undone. */
  unlift(operation: number, hasReturn: boolean): void {
    if (hasReturn) this.#relink(this.#count + operation)
    this.#relink(operation)
  }

  #unlink(node: number): void {
    const previous = this.previous(node)
    const next = this.next(node)
    this.#next[previous] = next
    this.#previous[next] = previous
  }

  #relink(node: number): void {
    this.#next[this.previous(node)] = node
    this.#previous[this.next(node)] = node
  }
}
