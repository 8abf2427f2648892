import { NotLeaderError, OutcomeUnknownError, OverloadedError } from '@raft/core'
import type { Cluster } from '../cluster/cluster.js'
import type { SimulatedMember } from '../cluster/simulated-member.js'
import type { Workload } from '../cluster/stack.js'
import type { Prng } from '../world/prng.js'
import { Accounting, type Operation } from './accounting.js'
import { HandoverReaders } from './handover-readers.js'

/** What a node answers a command with in this workload: the index says which place in the log it was given. */
export interface Applied<Result> {
  readonly index: number
  readonly result: Result | undefined
}

/** So many operations wait at most for a process that is paused. */
const MOST_ASKED_IN_VAIN = 100

type Member<Result> = SimulatedMember<Result, Applied<Result>>

/** Clients of the nodes themselves (`submit` and `submitRead`), with every answer checked against what was committed. */
export class DirectClients<Result> implements Workload {
  readonly accounting: Accounting
  readonly #cluster: Cluster<Result, Applied<Result>>
  readonly #command: (random: Prng) => Uint8Array
  readonly #random: Prng
  readonly #waiting = new Map<Operation, string>()
  readonly #clients: number
  /** In ms. */
  readonly #pause: number
  readonly #readShare: number
  readonly #readers: HandoverReaders<Result, Applied<Result>> | null
  #isActive = false

  constructor(cluster: Cluster<Result, Applied<Result>>, command: (random: Prng) => Uint8Array) {
    const random = cluster.world.random('clients')
    this.#cluster = cluster
    this.#command = command
    this.#random = random
    this.#clients = 1 + random.below(4)
    this.#pause = random.between(2, 30)
    this.#readShare = random.pick([0, 0.2, 0.5, 0.9])
    this.accounting = new Accounting(cluster.facts)
    const operate = (kind: 'write' | 'read', member: Member<Result>) => this.#operate(kind, member)
    this.#readers = cluster.character.handovers ? new HandoverReaders(cluster, random.fork('handovers'), operate) : null
  }

  start(): void {
    this.#isActive = true
    for (let client = 0; client < this.#clients; client++) this.#later({ leader: null })
    this.#readers?.start()
  }

  stop(): void {
    this.#isActive = false
    this.#readers?.stop()
  }

  waiting(): string[] {
    return [...this.#waiting.keys()].map(({ kind, by }) => `a ${kind} at ${by}`)
  }

  probe(done: (isDone: boolean) => void): void {
    const leader = this.#cluster.leader()
    if (leader === null) done(false)
    else if (this.#readShare > 0 && this.#random.chance(0.5)) this.#read(leader, done)
    else this.#propose(leader, done)
  }

  operate(kind: 'write' | 'read', id: string, done: (isDone: boolean) => void): void {
    const member = this.#cluster.members.find((one) => one.id === id)
    if (member?.node == null) done(false)
    else this.#operate(kind, member, done)
  }

  #operate(kind: 'write' | 'read', member: Member<Result>, done: (isDone: boolean) => void = () => {}): void {
    if (kind === 'read') this.#read(member, done)
    else this.#propose(member, done)
  }

  onEnded(id: string): void {
    for (const [operation, asked] of this.#waiting) {
      if (asked !== id) continue
      if (operation.kind === 'command') this.accounting.leaveUnknown(operation)
      this.#waiting.delete(operation)
    }
    this.accounting.count()
  }

  finish(): void {
    this.accounting.count()
    const { world } = this.#cluster
    world.count('commands acknowledged', this.accounting.acknowledged)
    world.count('reads answered', this.accounting.reads)
    world.count('operations refused', this.accounting.refused)
    world.count('outcomes unknown', this.accounting.unknown)
  }

  #later(client: { leader: string | null }): void {
    this.#cluster.world.after(this.#random.exponential(this.#pause), () => {
      if (!this.#isActive) return
      const member = this.#choose(client.leader)
      const burst = this.#random.chance(0.2) ? 1 + this.#random.below(12) : 1
      for (let i = 0; i < burst && member !== undefined; i++) {
        if (this.#random.chance(this.#readShare)) this.#read(member)
        else this.#propose(member, (_isDone, error) => this.#answered(client, member, error))
      }
      this.#later(client)
    })
  }

  #answered(client: { leader: string | null }, member: Member<Result>, error: Error | null): void {
    if (error instanceof NotLeaderError) client.leader = error.leaderId
    // From inside the callback, as applications do.
    if (error instanceof OverloadedError === false && this.#isActive && this.#random.chance(0.05)) this.#propose(member)
  }

  /** Whoever says that it leads, the leader of whom the client was told, or anybody. */
  #choose(told: string | null): Member<Result> | undefined {
    const up = this.#cluster.members.filter((member) => member.node !== null && !this.#isAskedInVain(member))
    if (up.length === 0) return undefined
    const leaders = up.filter(({ node }) => node?.role === 'leader')
    if (leaders.length === 0 || this.#random.chance(1 / 3)) return this.#random.pick(up)
    return leaders.find(({ id }) => id === told && this.#random.chance(0.5)) ?? this.#random.pick(leaders)
  }

  /** A process that is paused takes what came meanwhile in one moment: nobody asks it for ever. */
  #isAskedInVain({ id, host }: Member<Result>): boolean {
    if (host.pausedUntil <= this.#cluster.world.now) return false
    let waiting = 0
    for (const asked of this.#waiting.values()) if (asked === id) waiting += 1
    return waiting >= MOST_ASKED_IN_VAIN
  }

  #propose(member: Member<Result>, done: (isDone: boolean, error: Error | null) => void = () => {}): void {
    const { node } = member
    if (node === null) return
    const payload = this.#command(this.#random)
    const operation = this.accounting.beginCommand(payload, member.id)
    this.#waiting.set(operation, member.id)
    node.submit(payload, (error, applied) => {
      // The process that was asked is gone, and this with it.
      if (!this.#waiting.delete(operation)) return
      this.#cluster.world.note(`${member.id} answers`, applied?.index ?? error?.code ?? 'nothing')
      if (applied !== undefined && error === null) this.#applied(member, operation, applied.index)
      else if (error instanceof OutcomeUnknownError) this.accounting.leaveUnknown(operation)
      else this.accounting.refuse(operation)
      done(error === null, error)
    })
  }

  #applied(member: Member<Result>, operation: Operation, index: number): void {
    this.accounting.applied(operation, index)
    if ((member.machine?.lastApplied ?? 0) < index)
      this.#cluster.world.violated('answered when applied', `${member.id} answers with ${index} before it has applied it`)
  }

  #read(member: Member<Result>, done: (isDone: boolean) => void = () => {}): void {
    const { node } = member
    if (node === null) return
    const operation = this.accounting.beginRead(member.id)
    this.#waiting.set(operation, member.id)
    node.submitRead((error, index) => {
      if (!this.#waiting.delete(operation)) return
      const lastApplied = member.machine?.lastApplied ?? 0
      this.#cluster.world.note(`${member.id} is read`, error?.code ?? lastApplied)
      if (error !== null) this.accounting.refuse(operation)
      else {
        this.accounting.wasRead(operation, lastApplied)
        if (lastApplied < index)
          this.#cluster.world.violated('answered when applied', `${member.id} lets read at ${index} before it has applied it`)
      }
      done(error === null)
    })
  }
}
