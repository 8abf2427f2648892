import type { Links } from '../network/links.js'
import type { Prng } from '../world/prng.js'
import type { World } from '../world/world.js'
import type { FaultTarget } from './harm.js'

/** What the ranks cost, in ms: at one rank a whole exchange of messages at a better one fits in. */
const COSTS = [0, 0, 1, 4, 15, 45]
/** Processes are held up by less: whatever they do takes many turns. */
const LAGS = [0, 0, 0, 0.2, 1, 3]
const MESSAGE_KINDS = [
  'preVote',
  'preVoteReply',
  'requestVote',
  'requestVoteReply',
  'appendEntries',
  'appendEntriesReply',
  'heartbeat',
  'heartbeatReply',
]
/** How many of the ranks change in the course of a run. */
const MOST_CHANGES = 6

/**
 * Ranks of everything that can wait: what goes from one member to another, kinds of messages, processes, disks. As in probabilistic
 * concurrency testing (Burckhardt et al., ASPLOS 2010), ranks are drawn once and few of them change, at moments that are drawn: so an
 * order of events that needs few particular ones is met far more often than where each event is delayed by itself. Virtual time has no
 * scheduler that could let the better rank go first; here the worse one takes longer.
 */
export class Ranks {
  readonly #changes: (() => void)[]
  readonly #links: Links
  readonly #members: readonly FaultTarget[]
  readonly #delays: ReadonlyMap<FaultTarget, number>
  #isOver = false

  constructor(world: World, links: Links, members: readonly FaultTarget[], random: Prng, duration: number) {
    this.#links = links
    this.#members = members
    this.#delays = new Map(members.map((member) => [member, member.disk.conditions.delay]))
    this.#changes = this.#all(random)
    for (const change of this.#changes) change()
    const times = 1 + random.below(MOST_CHANGES)
    for (let i = 0; i < times; i++) {
      world.after(random.next() * duration, () => {
        if (!this.#isOver) random.pick(this.#changes)()
      })
    }
  }

  /** Nothing has a rank any more. */
  end(): void {
    this.#isOver = true
    for (const { host } of this.#members) host.lag = 0
  }

  /** Each draws one rank anew. */
  #all(random: Prng): (() => void)[] {
    const ids = this.#members.map(({ id }) => id)
    return [
      ...ids.flatMap((from) => ids.filter((to) => to !== from).map((to) => () => this.#links.setDistance(from, to, random.pick(COSTS)))),
      ...MESSAGE_KINDS.map((kind) => () => this.#links.setKindDelay(kind, random.pick(COSTS) / 2)),
      ...this.#members.map(({ host }) => () => {
        host.lag = random.pick(LAGS)
      }),
      ...this.#members.map((member) => () => {
        member.disk.conditions.delay = (this.#delays.get(member) ?? 0) + random.pick(COSTS) / 4
      }),
    ]
  }
}
