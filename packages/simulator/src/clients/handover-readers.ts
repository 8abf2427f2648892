import type { Cluster } from '../cluster/cluster.js'
import type { SimulatedMember } from '../cluster/simulated-member.js'
import type { Prng } from '../world/prng.js'

/** In election timeouts. */
const LOOK = 0.025
/** How likely somebody reads at a leader, and writes at the newest, at each look. */
const READ = 0.5
const WRITE = 0.5
/** Looks for which a new leader is read at, although it is the only one. */
const NEW_FOR = 8

/** Clients that read at every member which takes itself for the leader, as long as there are several, and write at the newest of them. */
export class HandoverReaders<Result, Answer> {
  readonly #cluster: Cluster<Result, Answer>
  readonly #random: Prng
  readonly #operate: (kind: 'write' | 'read', member: SimulatedMember<Result, Answer>) => void
  #newestTerm = 0
  #looksAtNewest = 0
  #isActive = false

  constructor(
    cluster: Cluster<Result, Answer>,
    random: Prng,
    operate: (kind: 'write' | 'read', member: SimulatedMember<Result, Answer>) => void,
  ) {
    this.#cluster = cluster
    this.#random = random
    this.#operate = operate
  }

  start(): void {
    this.#isActive = true
    this.#look()
  }

  stop(): void {
    this.#isActive = false
  }

  #look(): void {
    const { world, electionTimeout } = this.#cluster
    world.after(LOOK * electionTimeout, () => {
      if (!this.#isActive) return
      this.#ask()
      this.#look()
    })
  }

  #ask(): void {
    const { members, world } = this.#cluster
    const termOf = ({ node }: SimulatedMember<Result, Answer>) => node?.currentTerm ?? 0
    // A process that stands still takes everything that came meanwhile in one moment.
    const leaders = members.filter(({ node, host }) => node?.role === 'leader' && host.pausedUntil <= world.now)
    const [newest, ...older] = leaders.sort((a, b) => termOf(b) - termOf(a))
    if (newest === undefined) return
    if (termOf(newest) > this.#newestTerm) this.#looksAtNewest = 0
    this.#newestTerm = Math.max(this.#newestTerm, termOf(newest))
    this.#looksAtNewest += 1
    if (older.length === 0 && this.#looksAtNewest > NEW_FOR) return
    if (older.length > 0) world.count('several leaders')
    if (this.#random.chance(WRITE)) this.#operate('write', newest)
    for (const leader of leaders) if (this.#random.chance(READ)) this.#operate('read', leader)
  }
}
