import type { Outgoing } from '../effects.js'
import type { Message } from '../message.js'
import type { MemberId } from '../types.js'

/** Maximum number of messages that wait for their write. A disk that hangs for hours must not fill the memory with requests for votes. */
const MAX_HELD = 4096

/** Messages that wait for their write: none leaves before what it says is durable. Beyond the limit the oldest are lost. */
export class Outbox {
  readonly #send: (to: MemberId, message: Message) => void
  #completedWrite = 0
  #held: Outgoing[] = []

  constructor(send: (to: MemberId, message: Message) => void) {
    this.#send = send
  }

  get held(): number {
    return this.#held.length
  }

  add(outgoing: Outgoing): void {
    if (outgoing.after <= this.#completedWrite) {
      this.#send(outgoing.to, outgoing.message)
      return
    }
    if (this.#held.length === MAX_HELD) this.#held.shift()
    this.#held.push(outgoing)
  }

  /** The write of this number is durable, and with it those before. */
  written(number: number): void {
    this.#completedWrite = number
    const held = this.#held
    this.#held = []
    for (const outgoing of held) this.add(outgoing)
  }
}
