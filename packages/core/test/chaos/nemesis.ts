import type { Member } from './member.js'
import type { SimulatedNetwork } from './network.js'
import type { World } from './world.js'

type Fault = (nemesis: Nemesis) => void

const FAULTS: Record<string, Fault> = {
  crash: (n) => n.crash(n.anyMember()),
  crashLeader: (n) => n.crash(n.leader()),
  crashAll: (n) => {
    for (const member of n.members) n.crash(member)
  },
  stop: (n) => n.stop(n.anyMember()),
  pause: (n) => n.anyMember().pause(n.duration()),
  pauseLeader: (n) => n.leader().pause(n.duration()),
  split: (n) => n.split(n.members.filter(() => n.world.prng.chance(0.5)).map(({ id }) => id)),
  isolateLeader: (n) => n.split([n.leader().id]),
  /** The leader with one other, against the rest: what Figure 8 needs. */
  leaderAndOne: (n) => n.split([n.leader().id, n.anyMember().id]),
  deafLeader: (n) => n.cutOneWay(n.leader(), false),
  muteLeader: (n) => n.cutOneWay(n.leader(), true),
  cutOneLink: (n) => n.network.cut(n.anyMember().id, n.anyMember().id),
  mend: (n) => n.network.mend(),
  slowDisk: (n) => n.slow(n.anyMember()),
  slowLeadersDisk: (n) => n.slow(n.leader()),
  stallDisk: (n) => n.stall(n.anyMember()),
  writeError: (n) => {
    n.anyMember().disk.failNextWrite = true
  },
}

/** Does harm, a few kinds in one run and each for a while. */
export class Nemesis {
  readonly world: World
  readonly members: readonly Member[]
  readonly network: SimulatedNetwork
  readonly #kinds: readonly Fault[]
  readonly #pause: number
  #isActive = true

  constructor(world: World, members: readonly Member[], network: SimulatedNetwork) {
    this.world = world
    this.members = members
    this.network = network
    const { prng } = world
    const all = Object.values(FAULTS)
    this.#kinds = prng.chance(0.3) ? all : Array.from({ length: 2 + prng.below(5) }, () => prng.pick(all))
    this.#pause = prng.between(20, 250)
    this.#later()
  }

  /** Everything is as it should be from now on. */
  end(): void {
    this.#isActive = false
    this.network.mend()
    this.network.loss = 0
    this.network.duplication = 0
    this.network.lateness = 0
    this.network.delay = 1
    for (const member of this.members) {
      member.disk.heal()
    }
    this.#keepUp()
  }

  /** A write that was doomed before the end may yet stop a member. */
  #keepUp(): void {
    for (const member of this.members) member.start()
    this.world.after(5, () => this.#keepUp())
  }

  anyMember(): Member {
    return this.world.prng.pick(this.members)
  }

  leader(): Member {
    const leaders = this.members.filter((member) => member.node?.role === 'leader')
    return leaders.length === 0 ? this.anyMember() : this.world.prng.pick(leaders)
  }

  duration(): number {
    return this.world.prng.exponential(150)
  }

  crash(member: Member): void {
    member.crash()
    this.#restartLater(member)
  }

  stop(member: Member): void {
    member.stop()
    this.#restartLater(member)
  }

  split(inside: readonly string[]): void {
    this.network.split(inside)
    this.world.after(this.duration() * 2, () => this.network.mend())
  }

  cutOneWay(member: Member, outward: boolean): void {
    for (const { id } of this.members) {
      if (outward) this.network.cut(member.id, id)
      else this.network.cut(id, member.id)
    }
    this.world.after(this.duration() * 2, () => this.network.mend())
  }

  slow(member: Member): void {
    member.disk.slowness = this.world.prng.between(10, 300)
    this.world.after(this.duration() * 2, () => member.disk.heal())
  }

  stall(member: Member): void {
    member.disk.stall()
    this.world.after(this.duration() * 3, () => member.disk.heal())
  }

  #restartLater(member: Member): void {
    this.world.after(this.world.prng.chance(0.3) ? 1 : this.duration(), () => {
      if (this.#isActive) member.start()
    })
  }

  #later(): void {
    this.world.after(this.world.prng.exponential(this.#pause), () => {
      if (!this.#isActive) return
      this.world.prng.pick(this.#kinds)(this)
      // A member whose disk refused a write has stopped by itself.
      for (const member of this.members) if (member.isDown) this.#restartLater(member)
      this.#later()
    })
  }
}
