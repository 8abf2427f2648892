import type { Clock, Connection, ConnectionEvents } from '@raft/client'
import { type Request, ServerEndpoint } from '@raft/client/protocol'

/** Who is at the other end. */
export interface Member {
  readonly clock: Clock
  later(delay: number, action: () => void): unknown
  /** Ms that a chunk is on its way. */
  way(): number
  take(address: string, request: Request, endpoint: ServerEndpoint, connection: FakeConnection): void
}

/** One connection; what is on its way when it is cut is lost, or has its effect without an answer. */
export class FakeConnection implements Connection {
  isCut = false
  #isClosed = false
  readonly #member: Member
  readonly #events: ConnectionEvents
  readonly #endpoint: ServerEndpoint
  /** When the last chunk of either direction arrives: none overtakes another. */
  #toMember = 0
  #toClient = 0

  constructor(member: Member, address: string, events: ConnectionEvents) {
    this.#member = member
    this.#events = events
    this.#endpoint = new ServerEndpoint({
      identity: { memberId: address.slice(0, 2), clusterId: 'fake' },
      onRequest: (request) => member.take(address, request, this.#endpoint, this),
      onPending: () => member.later(0, () => this.#answer()),
    })
    this.#toClient = this.#inOrder(this.#toClient, () => events.onOpen())
  }

  write(chunk: Uint8Array): boolean {
    this.#toMember = this.#inOrder(this.#toMember, () => this.#endpoint.receive(chunk))
    return true
  }

  close(): void {
    this.isCut = true
    this.#isClosed = true
  }

  cut(): void {
    if (this.isCut) return
    this.isCut = true
    this.#member.later(this.#member.way(), () => {
      if (!this.#isClosed) this.#events.onClose(new Error('cut'))
    })
  }

  #answer(): void {
    const chunk = this.#endpoint.take()
    if (chunk !== null) this.#toClient = this.#inOrder(this.#toClient, () => this.#events.onData(chunk))
  }

  #inOrder(last: number, arrive: () => void): number {
    const time = Math.max(last, this.#member.clock.now() + this.#member.way())
    this.#member.later(time - this.#member.clock.now(), () => {
      if (!this.isCut) arrive()
    })
    return time
  }
}
