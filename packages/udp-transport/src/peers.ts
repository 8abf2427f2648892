import type { GroupId, Member, MemberId } from '@raft/core'
import type { TransportContext } from './context.js'
import { Peer, type PeerEvents } from './peer.js'

/** The share of the receive buffer that peers may fill. The rest is for control messages, and for estimates that are off. */
const WINDOW_SHARE = 0.75
/** How long a peer counts as sending after it last sent something that is acknowledged, in ms. */
const SENDING_FOR = 1000

/** The other members: those of all groups together, each once. */
export class Peers {
  readonly byId: ReadonlyMap<MemberId, Peer>
  readonly #context: TransportContext
  readonly #events: PeerEvents
  readonly #byId = new Map<MemberId, Peer>()
  readonly #addresses = new Map<GroupId, ReadonlyMap<MemberId, string | null>>()
  /** Those that are to be flushed at the end of this turn. */
  #dirty: Peer[] = []

  constructor(context: TransportContext, events: Omit<PeerEvents, 'onWork' | 'receiveWindow'>) {
    this.#context = context
    this.byId = this.#byId
    this.#events = { ...events, onWork: (peer) => this.#schedule(peer), receiveWindow: (peer, now) => this.#receiveWindow(peer, now) }
  }

  /** @param members null when there is no such group any more */
  setMembers(group: GroupId, members: readonly Member[] | null): void {
    if (members === null) this.#addresses.delete(group)
    else this.#addresses.set(group, new Map(members.map(({ id, addresses: { peer } }) => [id, peer ?? null])))
    const wanted = this.#wanted()
    for (const [id, peer] of this.#byId) {
      if (wanted.has(id)) continue
      peer.close()
      this.#byId.delete(id)
    }
    for (const [id, address] of wanted) {
      const peer = this.#peer(id)
      if (peer.link.address === address) continue
      peer.link.setAddress(address)
      peer.establishment.begin()
    }
  }

  close(): void {
    for (const peer of this.#byId.values()) peer.close()
    this.#byId.clear()
  }

  /** The address of each member but this one; null where no group knows it. */
  #wanted(): Map<MemberId, string | null> {
    const wanted = new Map<MemberId, string | null>()
    for (const addresses of this.#addresses.values())
      for (const [id, address] of addresses) wanted.set(id, address ?? wanted.get(id) ?? null)
    wanted.delete(this.#context.options.id)
    return wanted
  }

  #peer(id: MemberId): Peer {
    let peer = this.#byId.get(id)
    if (peer === undefined) {
      peer = new Peer(this.#context, this.#events, id)
      this.#byId.set(id, peer)
    }
    return peer
  }

  #schedule(peer: Peer): void {
    if (peer.scheduled) return
    peer.scheduled = true
    this.#dirty.push(peer)
    if (this.#dirty.length === 1) this.#context.options.clock.defer(() => this.#flush())
  }

  #flush(): void {
    const dirty = this.#dirty
    this.#dirty = []
    for (const peer of dirty) {
      peer.scheduled = false
      if (this.#context.main !== null) peer.flush()
    }
  }

  /** The receive buffer is shared by the peers that are sending, this one included. */
  #receiveWindow(peer: Peer, now: number): number {
    let sending = 1
    for (const other of this.#byId.values()) if (other !== peer && now - other.sendingAt < SENDING_FOR) sending += 1
    return Math.floor(((this.#context.main?.receiveBufferBytes ?? 0) * WINDOW_SHARE) / sending)
  }
}
