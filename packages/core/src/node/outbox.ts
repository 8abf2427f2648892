import type { Outgoing } from '../effects.js'
import type { Message } from '../message.js'
import type { MemberId } from '../types.js'

/** Messages that wait for their write: none leaves before what it says is durable. */
export class Outbox {
  readonly #send: (to: MemberId, message: Message) => void
  #completedWrite = 0
  #held: Outgoing[] = []

  constructor(send: (to: MemberId, message: Message) => void) {
    this.#send = send
  }

  add(outgoing: Outgoing): void {
    if (outgoing.after <= this.#completedWrite) this.#send(outgoing.to, outgoing.message)
    else this.#held.push(outgoing)
  }

  /** The write of this number is durable, and with it those before. */
  written(number: number): void {
    this.#completedWrite = number
    const held = this.#held
    this.#held = []
    for (const outgoing of held) this.add(outgoing)
  }
}
