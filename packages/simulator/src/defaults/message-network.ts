import { decodeMessage, encodeMessage, type Message, type Transport, type TransportReceiver } from '@raft/core'
import type { SimulationContext, TransportLayer } from '../cluster/stack.js'
import type { Links } from '../network/links.js'
import type { Incarnation } from '../world/host.js'
import type { Prng } from '../world/prng.js'
import type { World } from '../world/world.js'

/** How often a message makes its way as bytes, through the codec. */
const ENCODED_SHARE = 0.1

interface Attached {
  readonly incarnation: Incarnation
  readonly receiver: TransportReceiver
}

/** Mean ms between two hints that somebody forges, where anybody does. */
const FORGED_EVERY = 5

/** Transports of whole messages. */
export function messageLayer({ world, links }: SimulationContext): TransportLayer {
  const network = new MessageNetwork(world, links)
  return { transport: ({ id, incarnation }) => ({ transport: network.transport(id, incarnation) }) }
}

/** A network that carries whole messages: for simulations of everything above the transport. */
class MessageNetwork {
  readonly #world: World
  readonly #links: Links
  readonly #random: Prng
  /** How often who sends is told that nobody listens at the other end. */
  readonly #hints: number
  readonly #attached = new Map<string, Attached>()

  constructor(world: World, links: Links) {
    this.#world = world
    this.#links = links
    this.#random = world.random('messages')
    this.#hints = this.#random.pick([0, 0.5, 1])
    const forger = world.random('forged hints')
    if (forger.chance(0.2)) this.#forge(forger)
    links.onHint((host) => {
      for (const other of links.hosts) if (other !== host) this.#refuse(other, host)
    })
  }

  transport(id: string, incarnation: Incarnation): Transport {
    return {
      attach: (_group, receiver) => {
        if (incarnation.isAlive) this.#attached.set(id, { incarnation, receiver })
      },
      setMembers: () => {},
      detach: () => {
        if (this.#attached.get(id)?.incarnation === incarnation) this.#attached.delete(id)
      },
      send: (to, message) => this.#send(id, to, message),
    }
  }

  #send(from: string, to: string, message: Message): void {
    for (const delay of this.#links.fate(from, to, message.type)) {
      const carried = this.#carried(message)
      if (carried !== null) this.#world.after(delay, () => this.#arrive(from, to, carried))
    }
  }

  /** A message of which bytes were changed on the way is detected, and dropped. */
  #carried(message: Message): Message | null {
    const { conditions } = this.#links
    if (this.#random.chance(conditions.corruption)) {
      this.#world.count('corrupted')
      return null
    }
    return this.#random.chance(ENCODED_SHARE) ? decodeMessage(encodeMessage(message)) : message
  }

  #arrive(from: string, to: string, message: Message): void {
    const target = this.#attached.get(to)
    if (target?.incarnation.isAlive === true) {
      target.incarnation.bind(() => {
        if (this.#attached.get(to) === target) target.receiver.onMessage(from, message)
      })()
    } else if (this.#random.chance(this.#hints)) this.#world.after(0.1, () => this.#refuse(from, to))
  }

  /** Anybody on the network can say that nobody listens somewhere: a hint of that kind is no proof. */
  #forge(random: Prng): void {
    this.#world.after(random.exponential(FORGED_EVERY), () => {
      this.#world.count('forged hint')
      this.#refuse(random.pick(this.#links.hosts), random.pick(this.#links.hosts))
      this.#forge(random)
    })
  }

  #refuse(from: string, to: string): void {
    const sender = this.#attached.get(from)
    sender?.incarnation.bind(() => sender.receiver.onUnreachable(to))()
  }
}
