import { clearTimeout, setTimeout } from '@raft/system'

/** How many connections may be looked at, beyond those of clients, for whether members are at their other end. */
const ANTECHAMBER = 64
/** Connections of members at one time. Each member needs one; the others are of processes that are gone. */
const MAX_MEMBERS = 1024
/** The least of both where there is not room for all. */
const LEAST_ANTECHAMBER = 4
const LEAST_MEMBERS = 4

/** How many connections there may be of each kind. */
export interface Places {
  readonly clients: number
  readonly members: number
  /** Beyond those of clients: see `ANTECHAMBER`. */
  readonly antechamber: number
}

/** @param sockets maximum number of connections of all kinds together, at least 16: where they do not suffice for all, clients get what is left */
export function placesFor(maxClients: number, sockets: number): Places {
  const members = Math.min(MAX_MEMBERS, Math.max(LEAST_MEMBERS, Math.floor(sockets / 8)))
  const antechamber = Math.min(ANTECHAMBER, Math.max(LEAST_ANTECHAMBER, Math.floor(sockets / 4)))
  return { clients: Math.min(maxClients, sockets - members - antechamber), members, antechamber }
}

/** Why a connection is turned away. */
export type TurnAwayReason =
  /** It has not introduced itself in time. */
  | 'late'
  /** It had not introduced itself when another needed its place. */
  | 'displaced'
  /** It is a client, and there are as many of those as may be. */
  | 'full'

export interface ConnectionSlotsOptions {
  readonly places: Places
  /** Within this long a connection must have introduced itself; ms. */
  readonly introduction: number
  readonly onRefused: (reason: TurnAwayReason) => void
}

/**
 * The places of connections. A new one takes a place that gives way until it has introduced itself: as a client, by the preamble of
 * the client protocol or the head of a request, or as a member, by the handshake that only members can make. The oldest that has
 * not done so gives way to the newest, so that strangers who say nothing keep nobody out; and members have places of their own, so
 * that no number of clients keeps a member out. A connection that is turned away may still be told why: until it has ended it counts
 * as well, and gives way before any newcomer.
 */
export class ConnectionSlots {
  readonly #options: ConnectionSlotsOptions
  /** Oldest first. */
  readonly #newcomers = new Set<Slot>()
  /** Those that were turned away and have not ended, oldest first. */
  readonly #refused = new Set<Slot>()
  #clients = 0
  #members = 0

  constructor(options: ConnectionSlotsOptions) {
    this.#options = options
  }

  /** Connections that have introduced themselves as a client's. */
  get clients(): number {
    return this.#clients
  }

  /** Connections that have proved to be a member's. */
  get members(): number {
    return this.#members
  }

  /** @param destroy ends the connection at once */
  enter(destroy: () => void): Slot {
    const { introduction, onRefused } = this.#options
    const slot: Slot = new Slot(
      {
        admitClient: () => this.#admitClient(slot),
        admitMember: () => this.#admitMember(slot),
        left: (was) => this.#left(slot, was),
        refused: (reason) => {
          this.#newcomers.delete(slot)
          this.#refused.add(slot)
          onRefused(reason)
        },
      },
      destroy,
      introduction,
    )
    this.#newcomers.add(slot)
    this.#makeRoom()
    return slot
  }

  #makeRoom(): void {
    const { clients, antechamber } = this.#options.places
    if (this.#clients + this.#newcomers.size + this.#refused.size <= clients + antechamber) return
    const [oldest] = this.#newcomers
    if (this.#refused.size === 0) oldest?.refuse('displaced')
    const [refused] = this.#refused
    refused?.destroy()
  }

  #admitClient(slot: Slot): boolean {
    if (this.#clients >= this.#options.places.clients) return false
    this.#newcomers.delete(slot)
    this.#clients += 1
    return true
  }

  #admitMember(slot: Slot): boolean {
    if (this.#members >= this.#options.places.members) return false
    this.#newcomers.delete(slot)
    this.#members += 1
    return true
  }

  #left(slot: Slot, was: Role): void {
    if (was === 'newcomer') this.#newcomers.delete(slot)
    else if (was === 'refused') this.#refused.delete(slot)
    else if (was === 'client') this.#clients -= 1
    else if (was === 'member') this.#members -= 1
  }
}

type Role = 'newcomer' | 'client' | 'member' | 'refused' | 'gone'

interface Rooms {
  admitClient(): boolean
  admitMember(): boolean
  left(was: Role): void
  refused(reason: TurnAwayReason): void
}

/** The place of one connection. */
export class Slot {
  readonly #rooms: Rooms
  /** Ends the connection, at once or when it has been told why; called at most once, and never once it has introduced itself or left. */
  onTurnedAway: (reason: TurnAwayReason) => void
  readonly #destroy: () => void
  readonly #timer: NodeJS.Timeout
  #role: Role = 'newcomer'

  constructor(rooms: Rooms, destroy: () => void, introduction: number) {
    this.#rooms = rooms
    this.#destroy = destroy
    this.onTurnedAway = destroy
    this.#timer = setTimeout(() => this.refuse('late'), introduction)
  }

  /** It has introduced itself as a client. False: it has been turned away, now or before. */
  becomeClient(): boolean {
    return this.#become('client', () => this.#rooms.admitClient())
  }

  /** It has proved to be a member. False: it has been turned away, now or before. */
  becomeMember(): boolean {
    return this.#become('member', () => this.#rooms.admitMember())
  }

  /** The connection has ended. Safe to call twice. */
  leave(): void {
    clearTimeout(this.#timer)
    const was = this.#role
    this.#role = 'gone'
    this.#rooms.left(was)
  }

  /** Gives its place up, unless it has introduced itself. */
  refuse(reason: TurnAwayReason): void {
    if (this.#role !== 'newcomer') return
    clearTimeout(this.#timer)
    this.#role = 'refused'
    this.#rooms.refused(reason)
    this.onTurnedAway(reason)
  }

  /** Others need its place now. */
  destroy(): void {
    this.leave()
    this.#destroy()
  }

  #become(role: 'client' | 'member', admit: () => boolean): boolean {
    if (this.#role === role) return true
    if (this.#role !== 'newcomer') return this.#role === 'member'
    if (!admit()) {
      this.refuse('full')
      return false
    }
    clearTimeout(this.#timer)
    this.#role = role
    return true
  }
}
