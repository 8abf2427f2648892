import type { Message, NodeStatus } from '../../src/index.js'
import type { Disk } from './disk.js'
import type { World } from './world.js'

/** A leader may be late in noticing by this many election timeouts: its own rule, a heartbeat, a clock that is wrong. */
const LATE_BY = 4

/** What elections and leadership owe, watched at the network and at the disks. */
export class ElectionOracles {
  readonly #world: World
  readonly #disks: ReadonlyMap<string, Disk>
  readonly #electionTimeout: number
  /** By voter and term: for whom. */
  readonly #votes = new Map<string, string>()
  /** By pre-candidate and term: who has promised, and been heard. */
  readonly #promises = new Map<string, Set<string>>()
  /** By member and peer: when something was delivered last. */
  readonly #heardAt = new Map<string, number>()
  /** By leader: since when it has been observed to lead although it should not. */
  readonly #overdue = new Map<string, number>()

  /** By member: the highest index that a message has let it commit. */
  readonly #mostCommitted = new Map<string, number>()

  constructor(world: World, disks: ReadonlyMap<string, Disk>, electionTimeout: number) {
    this.#world = world
    this.#disks = disks
    this.#electionTimeout = electionTimeout
  }

  voted(id: string, term: number, candidate: string): void {
    const key = `${id} in ${term}`
    const before = this.#votes.get(key)
    if (before !== undefined && before !== candidate)
      this.#broken('one vote a term', `${key} voted for ${before} and then for ${candidate}`)
    this.#votes.set(key, candidate)
  }

  delivered(id: string, from: string, message: Message): void {
    this.#heardAt.set(`${id} ${from}`, this.#world.now)
    if (message.type === 'appendEntries') this.#mayCommit(id, Math.min(message.leaderCommit, message.entries.lastIndex))
    if (message.type === 'heartbeat') this.#mayCommit(id, message.leaderCommit)
    if (message.type !== 'preVoteReply' || !message.voteGranted) return
    const key = `${id} ${message.term}`
    const promises = this.#promises.get(key) ?? new Set()
    this.#promises.set(key, promises.add(from))
  }

  becameCandidate(id: string, term: number): void {
    const promised = 1 + (this.#promises.get(`${id} ${term}`)?.size ?? 0)
    if (!this.#isMajority(promised)) this.#broken('asks before it campaigns', `${id} campaigns in ${term} with ${promised} promises`)
  }

  becameLeader(id: string, term: number): void {
    const others = [...this.#disks.keys()].filter((voter) => voter !== id && this.#votes.get(`${voter} in ${term}`) === id)
    if (!this.#isMajority(others.length + 1)) this.#broken('elected by a majority', `${id} leads ${term}, voted for by ${others.join()}`)
    for (const peer of this.#disks.keys()) this.#heardAt.set(`${id} ${peer}`, this.#world.now)
    this.#overdue.delete(id)
  }

  /** A leader that no majority answers, or whose disk hangs, must not lead on (CORRECTNESS 5 and 6). */
  leads(id: string, { currentTerm }: NodeStatus): void {
    const { now } = this.#world
    const limit = now - LATE_BY * this.#electionTimeout
    const heard = [...this.#disks.keys()].filter((peer) => peer === id || (this.#heardAt.get(`${id} ${peer}`) ?? 0) > limit)
    const pendingSince = this.#disks.get(id)?.pendingSince ?? now
    if (this.#isMajority(heard.length) && (pendingSince > limit || pendingSince === Number.POSITIVE_INFINITY)) {
      this.#overdue.delete(id)
      return
    }
    // It may have been paused: it gets the time to look around.
    const since = this.#overdue.get(id) ?? now
    this.#overdue.set(id, since)
    if (now - since > this.#electionTimeout) {
      this.#broken('a leader that is cut off steps down', `${id} leads ${currentTerm}, hears ${heard.join()}, writes since ${pendingSince}`)
    }
  }

  /** A follower commits only what it has been told of and has verified (CORRECTNESS 12). */
  follows(id: string, commitIndex: number): void {
    const most = this.#mostCommitted.get(id) ?? 0
    if (commitIndex > most) this.#broken('commits what is verified', `${id} follows and commits ${commitIndex}; ${most} is verified`)
  }

  #mayCommit(id: string, index: number): void {
    this.#mostCommitted.set(id, Math.max(this.#mostCommitted.get(id) ?? 0, index))
  }

  #isMajority(count: number): boolean {
    return count * 2 > this.#disks.size
  }

  #broken(oracle: string, message: string): void {
    this.#world.violated(oracle, message)
  }
}
