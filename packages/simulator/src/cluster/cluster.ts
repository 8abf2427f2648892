import { defaultTuning, type MemberId } from '@raft/core'
import { Facts } from '../facts/facts.js'
import { type Character, plainCharacter } from '../faults/character.js'
import type { Links } from '../network/links.js'
import { allOracles } from '../oracles/all.js'
import { EqualStates } from '../oracles/equal-states.js'
import type { World } from '../world/world.js'
import { type MemberSettings, SimulatedMember } from './simulated-member.js'
import type { Stack, WorkCost, Workload } from './stack.js'

/** The members of a simulation, and who uses them. */
export class Cluster<Result, Answer> {
  readonly world: World
  readonly links: Links
  readonly facts: Facts
  readonly members: readonly SimulatedMember<Result, Answer>[]
  readonly workload: Workload
  readonly electionTimeout: number
  readonly heartbeatInterval: number
  readonly character: Character
  readonly #stack: Stack<Result, Answer>

  constructor(world: World, links: Links, stack: Stack<Result, Answer>, settings: MemberSettings) {
    const { tuning, memberIds, maxPending } = settings
    const { index: baseIndex, term: baseTerm } = stack.base ?? { index: 0, term: 0 }
    this.#stack = stack
    this.world = world
    this.links = links
    this.electionTimeout = tuning.electionTimeout ?? 500
    const { electionTimeout } = this
    this.heartbeatInterval = tuning.heartbeatInterval ?? electionTimeout / 10
    this.character = settings.character ?? plainCharacter
    const { maxWindowBytes, maxInflightBytes, maxInflightMessages } = { ...defaultTuning, ...tuning }
    this.facts = new Facts(world, {
      members: memberIds,
      baseIndex,
      baseTerm,
      electionTimeout,
      maxPending,
      maxWindowBytes,
      maxInflightBytes,
      maxInflightMessages,
    })
    const context = {
      facts: this.facts,
      oracles: allOracles(this.facts),
      equalStates: new EqualStates(this.facts),
      stack,
      settings,
      onEnded: (id: string) => this.workload.onEnded?.(id),
    }
    this.members = memberIds.map((id) => new SimulatedMember(id, context))
    this.workload = stack.workload(this)
  }

  /** The members that have not lost what they had on their disks. */
  wholeMembers(): SimulatedMember<Result, Answer>[] {
    return this.members.filter(({ isOutcast }) => !isOutcast)
  }

  /** Whether the member may lose its disk, or go back to an older one: it has promised nothing, or all others know what it ran on. */
  mayLoseDisk(id: MemberId): boolean {
    const { isRemembered } = this.#stack
    if (isRemembered === undefined) return this.facts.log(id).isPristine
    const whole = this.wholeMembers().map((member) => member.id)
    const others = whole.filter((other) => other !== id)
    return whole.includes(id) && 2 * others.length > this.members.length && isRemembered(id, others)
  }

  /** The leader of the highest term, when there is one. */
  leader(): SimulatedMember<Result, Answer> | null {
    const highest = Math.max(...this.members.map(({ node }) => node?.currentTerm ?? 0))
    return this.members.find(({ node }) => node?.role === 'leader' && node.currentTerm === highest) ?? null
  }

  /** What work takes here, besides its messages. */
  get cost(): WorkCost {
    return this.#stack.cost ?? { diskOperations: 1, overhead: 0.5 }
  }

  glance(): string {
    return this.members.map((member) => member.glance()).join('; ')
  }
}
