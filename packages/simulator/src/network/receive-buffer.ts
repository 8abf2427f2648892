/** A datagram that has arrived. */
export interface Arrival {
  readonly bytes: Uint8Array
  readonly from: { readonly address: string; readonly port: number }
}

/** What the system keeps for a socket until the process reads: so many bytes and no more, as the system counts them. */
export class ReceiveBuffer {
  readonly #capacity: number
  #waiting: Arrival[] = []
  #used = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** @returns false when there is no room, and the datagram is gone */
  add(arrival: Arrival): boolean {
    const cost = kernelCost(arrival.bytes.length)
    if (this.#used + cost > this.#capacity) return false
    this.#waiting.push(arrival)
    this.#used += cost
    return true
  }

  /** Everything, oldest first. */
  take(): Arrival[] {
    const taken = this.#waiting
    this.#waiting = []
    this.#used = 0
    return taken
  }
}

/** As Linux counts: its own structures as well, rounded up. 768 for 64 bytes, 2,304 for 1,200, 16,640 for 8 kB. */
function kernelCost(bytes: number): number {
  if (bytes <= 300) return 1024
  if (bytes > 14_000) return bytes + 4096
  let rounded = 1024
  while (rounded < bytes + 384) rounded *= 2
  return rounded + 512
}
