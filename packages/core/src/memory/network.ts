import type { Message } from '../message.js'
import { decodeMessage, encodeMessage } from '../message-codec.js'
import type { Clock } from '../ports/clock.js'
import type { Transport, TransportReceiver } from '../ports/transport.js'
import type { GroupId, Member, MemberId } from '../types.js'

/** Carries messages between the members of one process, as bytes, and loses those over links that are cut. */
export class MemoryNetwork {
  readonly #clock: Pick<Clock, 'defer'>
  readonly #receivers = new Map<MemberId, Map<GroupId, TransportReceiver>>()
  readonly #cut = new Set<MemberId>()

  constructor(clock: Pick<Clock, 'defer'>) {
    this.#clock = clock
  }

  /** The transport of one member. */
  transport(id: MemberId): Transport {
    const groups = new Map<GroupId, TransportReceiver>()
    this.#receivers.set(id, groups)
    return {
      attach: (group: GroupId, receiver: TransportReceiver) => void groups.set(group, receiver),
      setMembers: (_group: GroupId, _members: readonly Member[]) => {},
      detach: (group: GroupId) => void groups.delete(group),
      send: (to: MemberId, message: Message) => {
        if (groups.has(message.group)) this.#send(id, to, message)
      },
    }
  }

  /** From now on the member neither sends nor receives. */
  isolate(id: MemberId): void {
    this.#cut.add(id)
  }

  /** Undoes `isolate`. */
  rejoin(id: MemberId): void {
    this.#cut.delete(id)
  }

  #send(from: MemberId, to: MemberId, message: Message): void {
    const bytes = encodeMessage(message)
    this.#clock.defer(() => {
      if (this.#cut.has(from) || this.#cut.has(to)) return
      const receiver = this.#receivers.get(to)?.get(message.group)
      if (receiver !== undefined) receiver.onMessage(from, decodeMessage(bytes))
      else this.#receivers.get(from)?.get(message.group)?.onUnreachable(to)
    })
  }
}
