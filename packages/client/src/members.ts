import type { StoreError } from '@raft/commands'
import { Backoff } from './backoff.js'
import type { Call } from './call.js'
import { ConnectionError } from './errors.js'
import { Link, type LinkEvents, type LinkOptions } from './link.js'
import type { LeaderHint, StatusResult } from './protocol/response.js'
import { SilenceWatch } from './silence-watch.js'

/** Addresses that are kept, those given and those learned together. */
const MAX_ADDRESSES = 64
/** Hints that are followed one after another before all members are asked instead: two members may name each other. */
const MAX_HINTS = 4

export interface MembersOptions extends LinkOptions {
  readonly addresses: readonly string[]
  /** Milliseconds after which a member that owes answers and sends nothing is given up, whatever becomes of what it was sent. */
  readonly silenceTimeout: number
}

export interface MembersEvents {
  readonly onResponse: (link: Link, call: Call, kind: number, body: Uint8Array) => void
  /** Something may be sent that could not before. */
  readonly onRoom: () => void
  /** The member owes answers and is not trusted to give them. `given up`: it has been silent for `connectTimeout`. */
  readonly onSilent: (link: Link, givenUp: StoreError | null) => void
  readonly onLost: (link: Link, error: StoreError) => void
}

/** The members that are known, the links to them, and which of them leads. */
export class Members {
  leader: Link | null = null
  readonly links = new Map<string, Link>()
  readonly #addresses: Set<string>
  /** What came last of each member that does not lead, by its address. */
  readonly #reasons = new Map<string, string>()
  readonly #options: MembersOptions
  readonly #events: MembersEvents
  readonly #linkEvents: LinkEvents
  readonly #backoff: Backoff
  /** Of the member that was the first to say. */
  #clusterId: string | null = null
  /** The highest term that a leader was seen in. */
  #leaderTerm = -1
  #lastLeader: string | null = null
  #hints = 0
  #seeking = false
  #cancelRound: (() => void) | null = null
  readonly #silence: SilenceWatch
  readonly #reopening: Backoff
  #cancelReopen: (() => void) | null = null
  #closed = false

  constructor(options: MembersOptions, events: MembersEvents) {
    this.#options = options
    this.#events = events
    this.#addresses = new Set(options.addresses)
    this.#backoff = new Backoff(options.minBackoff, options.maxBackoff, options.random)
    this.#reopening = new Backoff(options.minBackoff, options.maxBackoff, options.random)
    this.#silence = new SilenceWatch(options, this.links, {
      onQuiet: (link) => this.#quiet(link),
      onSilent: (link, givenUp) => events.onSilent(link, givenUp),
    })
    this.#linkEvents = {
      onReady: (link) => this.#ready(link),
      onStatus: (link, status) => this.#status(link, status),
      onResponse: events.onResponse,
      onRoom: events.onRoom,
      onLost: (link, error) => this.#lost(link, error),
    }
  }

  get addresses(): readonly string[] {
    return [...this.#addresses]
  }

  /** What came of asking each member who leads, in one line. */
  whyNoLeader(): string {
    return this.addresses.map((address) => this.#reasons.get(address) ?? `${address} has not answered yet`).join('; ')
  }

  /** A link to any member that is trusted to answer, rather not the leader, which has enough to do. */
  anyReady(): Link | null {
    let found: Link | null = null
    for (const link of this.links.values()) {
      if (!link.ready || !link.writable || link.silent || link.rest.isResting) continue
      if (link !== this.leader) return link
      found = link
    }
    return found
  }

  /** The link to a member, opened if need be. */
  open(address: string): Link {
    const existing = this.links.get(address)
    if (existing !== undefined) return existing
    const link = new Link(address, this.#options, this.#linkEvents)
    this.links.set(address, link)
    return link
  }

  /** Looks for the leader, all members at once, round after round, until it is found. */
  seek(): void {
    if (this.#seeking || this.#closed) return
    this.#seeking = true
    this.#scheduleRound()
  }

  /** A member answered a request as leader: the waits start small again. */
  progress(): void {
    this.#hints = 0
    this.#backoff.reset()
  }

  /** The member of this link has said that it does not lead. */
  notLeader(link: Link, hint: LeaderHint | null): void {
    if (this.leader !== link) return
    this.leader = null
    if (hint !== null && hint.address !== null && hint.address !== link.address && this.#hints < MAX_HINTS) {
      this.#hints += 1
      this.#learn(hint.address)
      this.#adopt(this.open(hint.address))
    }
    if (this.leader === null) this.seek()
  }

  /** The member taken for the leader says that it is none. */
  doubtLeader(): void {
    if (this.leader !== null) this.notLeader(this.leader, null)
  }

  /** Keeps an eye on the members that owe answers. */
  watch(): void {
    if (!this.#closed) this.#silence.watch()
  }

  /** Whether some member owes answers, as far as is known. */
  get isWatching(): boolean {
    return this.#silence.isWatching
  }

  /** Connects again, ever less often, to members that were lost: none but the leader is there to read from. */
  reopen(): void {
    if (this.#cancelReopen !== null || this.#seeking || this.links.size >= this.#addresses.size) return
    const { clock } = this.#options
    this.#cancelReopen = clock.schedule(clock.now() + this.#reopening.next(), () => {
      this.#cancelReopen = null
      for (const address of this.#addresses) this.open(address)
    })
  }

  close(): void {
    this.#closed = true
    this.#cancelRound?.()
    this.#cancelReopen?.()
    this.#silence.close()
    for (const link of this.links.values()) link.close()
    this.links.clear()
    this.leader = null
  }

  #scheduleRound(): void {
    if (this.#cancelRound !== null) return
    const { clock } = this.#options
    const delay = this.#backoff.attempts === 0 ? 0 : this.#backoff.next()
    if (this.#backoff.attempts === 0) this.#backoff.attempts = 1
    this.#cancelRound = clock.schedule(clock.now() + delay, () => {
      this.#cancelRound = null
      this.#round()
    })
  }

  #round(): void {
    if (!this.#seeking) return
    this.#probeAll()
    this.#scheduleRound()
  }

  #probeAll(): void {
    for (const address of this.#addresses) this.#ask(this.open(address))
  }

  #ask(link: Link): void {
    link.probe()
    this.watch()
  }

  #ready(link: Link): void {
    this.#reasons.delete(link.address)
    this.#clusterId ??= link.clusterId
    if (link.clusterId !== this.#clusterId) {
      const foreign = `${link.address} is ${link.memberId} of cluster ${link.clusterId}, where this client found cluster ${this.#clusterId} before`
      link.lose(new ConnectionError(`${foreign}: give it the addresses of one cluster only`))
      return
    }
    if (this.leader !== link) this.#reopening.reset()
    if (this.leader === link) this.#found()
    else if (this.#seeking || this.leader?.silent) this.#ask(link)
    this.#events.onRoom()
  }

  #found(): void {
    this.#seeking = false
    this.#cancelRound?.()
    this.#cancelRound = null
  }

  #status(link: Link, status: StatusResult): void {
    for (const member of status.members) {
      const { client: address } = member.addresses
      if (address !== undefined && this.#learn(address) && this.#seeking) this.open(address)
    }
    if (status.role === 'leader') this.#reasons.delete(link.address)
    else {
      const { memberId, leaderId } = status
      const known = leaderId === null ? 'knows no leader' : `says that ${leaderId} leads`
      if (this.#addresses.has(link.address)) this.#reasons.set(link.address, `${link.address} is ${memberId}, which ${known}`)
      this.notLeader(link, null)
      return
    }
    const leader = this.leader
    const isLate = status.term > this.#leaderTerm || (leader?.silent === true && status.term === this.#leaderTerm)
    const better = leader === null || !leader.ready || isLate
    this.#leaderTerm = Math.max(this.#leaderTerm, status.term)
    if (link === this.leader) this.#found()
    else if (better) this.#adopt(link)
  }

  /** Sends to this member from now on. What the former leader was sent and has not answered is given up with its link. */
  #adopt(link: Link): void {
    const former = this.leader
    this.leader = link
    if (this.#lastLeader !== link.address) {
      if (this.#lastLeader !== null) this.#options.counters.leaderChanges += 1
      this.#lastLeader = link.address
    }
    if (former !== null && former !== link) former.lose(new ConnectionError(`${former.address} does not lead any more`))
    if (link.ready) {
      this.#found()
      this.#events.onRoom()
    } else this.seek()
  }

  #lost(link: Link, error: StoreError): void {
    if (this.links.get(link.address) === link) this.links.delete(link.address)
    // A link may be to an address that was learned and not kept.
    if (this.#addresses.has(link.address)) this.#reasons.set(link.address, error.message)
    if (this.leader === link) this.leader = null
    this.#events.onLost(link, error)
    if (this.leader === null && !this.#closed) this.seek()
  }

  /** @returns whether the address is new. */
  #learn(address: string): boolean {
    if (this.#addresses.has(address) || this.#addresses.size >= MAX_ADDRESSES) return false
    this.#addresses.add(address)
    return true
  }

  /** A leader that owes answers may have been cut off or stopped in its tracks while others have elected another: all are asked. */
  #quiet(link: Link): void {
    if (link === this.leader || this.anyReady() === null) this.#probeAll()
    else link.probe()
  }
}
