import { type DiskConditions, type HostDisk, healthyDisk } from '../disk/host-disk.js'
import { calmConditions, type LinkConditions, type Links } from '../network/links.js'
import type { Callback } from '../observed/node.js'
import type { Host } from '../world/host.js'
import type { Prng } from '../world/prng.js'
import type { World } from '../world/world.js'
import { Aim } from './aim.js'
import type { Plan } from './plan.js'

/** A member, as far as faults need to know it. */
export interface FaultTarget {
  readonly id: string
  readonly host: Host
  readonly disk: HostDisk
  readonly isUp: boolean
  start(): void
  /** `linger`: ms for which its process lives on when it has stopped. */
  stop(linger?: number): void
  /** Somebody starts another process on its directory. */
  startBeside(random: Prng): void
  /** It is stopped from inside its next callback of this kind; `null`: not any more. */
  stopInside(callback: Callback | null, linger?: number): void
  crash(): void
  kill(): void
  wipe(): void
  /** Whether there are older copies of its disk, and the member was started since. */
  readonly hasOlderDisks: boolean
  /** One of those in place of what it has. Only while it is down. */
  rollBack(random: Prng): void
}

export interface FaultSurroundings {
  readonly world: World
  readonly links: Links
  readonly members: readonly FaultTarget[]
  readonly plan: Plan
  /** Who leads, or null. */
  readonly leader: () => FaultTarget | null
  /** The highest term in which anybody has led. */
  readonly leadingTerm: () => number
  /** Whether the member may lose its disk: it has promised nothing to anybody, or the others would know. */
  readonly mayLoseDisk: (id: string) => boolean
}

/** How often a disk is looked at that is to be caught at work, in ms: shorter than any write takes. */
const LOOK_PAUSE = 0.1
/** How long a process lives on that has stopped, in ms, on average. */
const LINGERING = 10

/** The ways to do harm, each undone after a while, and all at once by `end`. */
export class Harm {
  readonly links: Links
  readonly members: readonly FaultTarget[]
  readonly aim: Aim
  readonly #around: FaultSurroundings
  readonly #world: World
  #isOver = false
  /** What disks are like when the faults have ended. */
  #healthy: (id: string) => DiskConditions = () => healthyDisk
  /** Members that are not started before the faults end. */
  readonly #keptDown = new Set<string>()
  /** Restarts that are due. */
  readonly #restarting = new Set<string>()

  constructor(around: FaultSurroundings) {
    this.#around = around
    this.#world = around.world
    this.links = around.links
    this.members = around.members
    this.aim = new Aim(around)
  }

  anybody(random: Prng): FaultTarget {
    return random.pick(this.members)
  }

  leader(random: Prng): FaultTarget {
    const fallback = this.anybody(random)
    return this.#around.leader() ?? fallback
  }

  duration(random: Prng, electionTimeouts: number): number {
    const { tuning, patience } = this.#around.plan
    return random.exponential(electionTimeouts * patience * tuning.electionTimeout)
  }

  all(action: (member: FaultTarget) => void): void {
    this.#world.count('restart of all')
    for (const member of this.members) action(member)
  }

  crash(member: FaultTarget, random: Prng): void {
    this.#crashing(member, random)()
  }

  /** As soon as its disk is at work, for which it does not wait long. */
  crashWhileWriting(member: FaultTarget, random: Prng): void {
    const until = this.#world.now + this.duration(random, 1)
    const crash = this.#crashing(member, random)
    const look = () => {
      if (this.#isOver || this.#world.now > until) return
      if (member.disk.underWay > 0) crash()
      else this.#world.after(LOOK_PAUSE, look)
    }
    look()
  }

  kill(member: FaultTarget, random: Prng): void {
    const delay = this.#restartDelay(random)
    if (!member.isUp) return
    this.#world.count('kill')
    member.kill()
    this.restartAfter(member, delay)
  }

  stop(member: FaultTarget, lingering?: number): void {
    this.#world.count('orderly stop')
    member.stop(lingering)
  }

  /** A supervisor that does not wait for the end of a process before it starts the next one. */
  startTwice(member: FaultTarget, random: Prng): void {
    this.stop(member, random.exponential(LINGERING))
    member.startBeside(random)
  }

  /** From inside its next callback of this kind, or from outside where none comes for `patience` ms. Its process lives on for `linger` ms. */
  stopInside(member: FaultTarget, callback: Callback, patience: number, linger: number): void {
    const { incarnation } = member.host
    this.#world.note(`${member.id} is to be stopped inside`, callback)
    member.stopInside(callback, linger)
    this.aim.later(patience, () => {
      if (incarnation !== null && incarnation === member.host.incarnation) member.stop(linger)
    })
  }

  pause(member: FaultTarget, duration: number): void {
    this.#world.count('pause')
    this.#world.note(`${member.id} is paused`, duration)
    member.host.pause(duration)
  }

  split(inside: readonly string[], duration: number): void {
    this.#world.count('partition')
    this.#world.note('split', inside.join(' '), duration)
    this.links.split(inside)
    this.#world.after(duration, () => this.mend())
  }

  cutOneWay(id: string, direction: 'in' | 'out', duration: number): void {
    this.#world.count('one-way partition')
    this.#world.note(direction === 'in' ? `nothing reaches` : `nothing comes from`, id, duration)
    for (const other of this.links.hosts) {
      if (direction === 'out') this.links.cut(id, other)
      else this.links.cut(other, id)
    }
    this.#world.after(duration, () => this.mend())
  }

  cut(from: string, to: string): void {
    this.#world.count('one-way partition')
    this.#world.note('cut', from, to)
    this.links.cut(from, to)
  }

  mend(): void {
    this.#world.note('mend')
    this.links.mend()
  }

  /** Cut off and back again, many times. */
  flap(id: string, random: Prng): void {
    this.#world.count('flapping')
    const half = random.between(0.1, 1) * this.#around.plan.tuning.electionTimeout
    const times = 2 + random.below(8)
    for (let i = 0; i < times; i++) {
      this.#world.after(2 * i * half, () => {
        if (!this.#isOver) this.split([id], half)
      })
    }
  }

  worsenLinks(worse: Partial<LinkConditions>, duration: number): void {
    this.#world.count('storm')
    this.#world.note('storm', duration)
    Object.assign(this.links.conditions, worse)
    this.#world.after(duration, () => {
      if (!this.#isOver) Object.assign(this.links.conditions, this.#around.plan.links)
    })
  }

  worsenDisk(member: FaultTarget, worse: Partial<DiskConditions>, duration: number): void {
    this.#world.note(`the disk of ${member.id} gets worse`, Object.keys(worse).join(' '), duration)
    Object.assign(member.disk.conditions, worse)
    this.#world.after(duration, () => this.#repairDisk(member))
  }

  stallDisk(member: FaultTarget, duration: number): void {
    this.#world.count('stalled disk')
    this.#world.note(`the disk of ${member.id} stalls`, duration)
    member.disk.stall()
    this.#world.after(duration, () => member.disk.resume())
  }

  fillDisk(member: FaultTarget, duration: number): void {
    this.#world.note(`the disk of ${member.id} is full`, duration)
    member.disk.fill()
    this.#world.after(duration, () => member.disk.makeRoom())
  }

  takeDescriptors(member: FaultTarget, duration: number): void {
    this.#world.note(`${member.id} has no file descriptor`, duration)
    member.disk.takeDescriptors?.()
    this.#world.after(duration, () => member.disk.giveDescriptors?.())
  }

  crashAndFailToOpen(member: FaultTarget, duration: number, random: Prng): void {
    this.worsenDisk(member, { openErrors: 0.3, readErrors: 0.05 }, duration)
    this.kill(member, random)
  }

  setClock(member: FaultTarget, rate: number, duration: number): void {
    this.#world.count(rate > 1 ? 'fast clock' : 'slow clock')
    this.#world.note(`the clock of ${member.id} runs`, rate, duration)
    member.host.clock.setRate(rate)
    this.#world.after(duration, () => member.host.clock.setRate(1))
  }

  jumpClock(member: FaultTarget, by: number): void {
    this.#world.count('clock jump')
    this.#world.note(`the clock of ${member.id} jumps`, by)
    member.host.clock.jump(by)
  }

  wipeWhereAllowed(member: FaultTarget, random: Prng): void {
    if (this.#around.mayLoseDisk(member.id)) this.wipe(member, random)
  }

  wipe(member: FaultTarget, random: Prng): void {
    const delay = this.#restartDelay(random)
    this.#world.count('wiped disk')
    member.crash()
    member.wipe()
    this.restartAfter(member, delay)
  }

  rollBackWhereAllowed(member: FaultTarget, random: Prng): void {
    const delay = this.#restartDelay(random)
    if (!member.hasOlderDisks || !this.#around.mayLoseDisk(member.id)) return
    this.#world.count('older disk')
    member.crash()
    member.rollBack(random)
    this.restartAfter(member, delay)
  }

  /** It is killed, and not started again before `bringBack`, or the end of the faults. */
  keepDown(member: FaultTarget): void {
    this.#keptDown.add(member.id)
    if (member.isUp) member.kill()
  }

  bringBack(member: FaultTarget): void {
    this.#keptDown.delete(member.id)
    member.start()
  }

  restartAfter(member: FaultTarget, delay: number): void {
    if (this.#restarting.has(member.id)) return
    this.#restarting.add(member.id)
    this.#world.after(delay, () => {
      this.#restarting.delete(member.id)
      if (!this.#keptDown.has(member.id)) member.start()
    })
  }

  /** Everything is as it should be from now on. */
  end(): void {
    this.#isOver = true
    this.#world.note('the faults end')
    this.links.mend()
    this.aim.end()
    this.#keptDown.clear()
    // Where timeouts are short, a day is good only when messages are fast.
    const delay = Math.min(calmConditions.delay, this.#around.plan.tuning.electionTimeout / 100)
    Object.assign(this.links.conditions, calmConditions, { delay })
    for (const member of this.members) {
      member.stopInside(null)
      this.#repairDisk(member)
      member.disk.resume()
      member.disk.makeRoom()
      member.disk.giveDescriptors?.()
      member.host.clock.setRate(1)
    }
    this.#keepUp()
  }

  /** After the end: everything takes as long as is said here, exactly. In ms. */
  makeSteady(delay: number, diskDelays: (id: string) => number): void {
    Object.assign(this.links.conditions, { delay, isSteady: true })
    this.#healthy = (id) => ({ ...healthyDisk, delay: diskDelays(id), isSteady: true })
    for (const member of this.members) this.#repairDisk(member)
  }

  /** What was doomed before the end may yet stop a member. */
  #keepUp(): void {
    for (const member of this.members) if (!this.#keptDown.has(member.id)) member.start()
    this.#world.after(5, () => this.#keepUp())
  }

  #repairDisk(member: FaultTarget): void {
    const { disks } = this.#around.plan
    Object.assign(member.disk.conditions, this.#healthy(member.id), this.#isOver ? {} : disks)
  }

  #crashing(member: FaultTarget, random: Prng): () => void {
    const delay = this.#restartDelay(random)
    return () => {
      if (!member.isUp) return
      this.#world.count('crash')
      member.crash()
      this.restartAfter(member, delay)
    }
  }

  #restartDelay(random: Prng): number {
    const delay = this.duration(random, 1.5)
    return random.chance(0.3) ? 1 : delay
  }
}
