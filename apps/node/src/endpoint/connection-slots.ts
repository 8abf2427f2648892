import { clearTimeout, setTimeout } from '@raft/system'

/** How many connections may be looked at, beyond those of clients, for whether members are at their other end. */
const ANTECHAMBER = 64
/** Connections of members at one time. Each member needs one; the others are of processes that are gone. */
const MAX_MEMBERS = 1024

/** Why a connection is turned away. */
export type TurnAwayReason =
  /** It has not introduced itself in time. */
  | 'late'
  /** It had not introduced itself when another needed its place. */
  | 'displaced'
  /** It is a client, and there are as many of those as may be. */
  | 'full'

export interface ConnectionSlotsOptions {
  /** Connections of clients at one time. */
  readonly maxClients: number
  /** Within this long a connection must have introduced itself; ms. */
  readonly introduction: number
  readonly onRefused: (reason: TurnAwayReason) => void
}

/**
 * The places of connections. A new one takes a place that gives way until it has introduced itself: as a client, by the preamble of
 * the client protocol or the head of a request, or as a member, by the handshake that only members can make. The oldest that has
 * not done so gives way to the newest, so that strangers who say nothing keep nobody out; and members have places of their own, so
 * that no number of clients keeps a member out.
 */
export class ConnectionSlots {
  readonly #options: ConnectionSlotsOptions
  /** Oldest first. */
  readonly #newcomers = new Set<Slot>()
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

  /** @param onTurnedAway ends the connection: see `Slot` */
  enter(onTurnedAway: (reason: TurnAwayReason) => void): Slot {
    const { maxClients, introduction, onRefused } = this.#options
    const slot: Slot = new Slot(
      {
        admitClient: () => this.#admitClient(slot),
        admitMember: () => this.#admitMember(slot),
        left: (was) => this.#left(slot, was),
        refused: onRefused,
      },
      onTurnedAway,
      introduction,
    )
    this.#newcomers.add(slot)
    if (this.#clients + this.#newcomers.size > maxClients + ANTECHAMBER) {
      const [oldest] = this.#newcomers
      oldest?.refuse('displaced')
    }
    return slot
  }

  #admitClient(slot: Slot): boolean {
    if (this.#clients >= this.#options.maxClients) return false
    this.#newcomers.delete(slot)
    this.#clients += 1
    return true
  }

  #admitMember(slot: Slot): boolean {
    if (this.#members >= MAX_MEMBERS) return false
    this.#newcomers.delete(slot)
    this.#members += 1
    return true
  }

  #left(slot: Slot, was: Role): void {
    if (was === 'newcomer') this.#newcomers.delete(slot)
    else if (was === 'client') this.#clients -= 1
    else if (was === 'member') this.#members -= 1
  }
}

type Role = 'newcomer' | 'client' | 'member' | 'gone'

interface Rooms {
  admitClient(): boolean
  admitMember(): boolean
  left(was: Role): void
  refused(reason: TurnAwayReason): void
}

/** The place of one connection. */
export class Slot {
  readonly #rooms: Rooms
  /** Ends the connection; called at most once, and never once it has introduced itself or left. */
  onTurnedAway: (reason: TurnAwayReason) => void
  readonly #timer: NodeJS.Timeout
  #role: Role = 'newcomer'

  constructor(rooms: Rooms, onTurnedAway: (reason: TurnAwayReason) => void, introduction: number) {
    this.#rooms = rooms
    this.onTurnedAway = onTurnedAway
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
    this.leave()
    this.#rooms.refused(reason)
    this.onTurnedAway(reason)
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
