import { isDeepStrictEqual } from 'node:util'
import { completeTuning, decodeMessage, encodeMessage, type Message, type Tuning } from '../../src/index.js'
import { type Effects, type Event, initialMembership, type Outgoing, State } from '../../src/state-index.js'
import { bytesOf, Disk, entriesOfTerms, textOf } from './disk.js'
import { Member } from './member.js'
import { Oracle } from './oracle.js'

export interface Packet {
  readonly from: string
  readonly to: string
  readonly message: Message
}

export interface ScriptOptions {
  readonly members?: readonly string[]
  readonly tuning?: Partial<Tuning>
  /** The terms of the entries that a member's log begins with; its currentTerm is the last of them. */
  readonly logs?: Readonly<Record<string, readonly number[]>>
  /** currentTerm at the start, of all members. */
  readonly term?: number
  readonly baseIndex?: number
  readonly baseTerm?: number
  /** Once in so many steps a fork takes the same step and must come to the same. Default 5. */
  readonly forkEvery?: number
}

/** A cluster of which the test decides everything: what arrives, what becomes durable, who crashes, what time it is. */
export class Script {
  now = 1000
  readonly tuning: Tuning
  readonly oracle = new Oracle()
  readonly members = new Map<string, Member>()
  /** Under way. */
  packets: Packet[] = []
  /** All that ever left. */
  trace: Packet[] = []
  /** What becomes of a packet when `settle` comes to it; 'hold' leaves it where it is. */
  rule: (packet: Packet) => 'deliver' | 'drop' | 'hold' = () => 'deliver'
  #cut: (from: string, to: string) => boolean = () => false
  #steps = 0
  readonly #forkEvery: number
  readonly #ids: readonly string[]

  constructor({ members = ['a', 'b', 'c'], tuning, logs = {}, term, baseIndex = 0, baseTerm = 0, forkEvery = 5 }: ScriptOptions = {}) {
    this.tuning = completeTuning(tuning ?? {})
    this.#forkEvery = forkEvery
    this.#ids = members
    for (const id of members) {
      const member = new Member(id, new Disk(baseIndex, baseTerm))
      const terms = logs[id] ?? []
      const currentTerm = term ?? terms.at(-1) ?? baseTerm
      member.disk.write({ hardState: { currentTerm, votedFor: null }, entries: [entriesOfTerms(baseIndex + 1, terms)] })
      this.members.set(id, member)
      member.seed = id.charCodeAt(0)
      this.#boot(member)
    }
  }

  member(id: string): Member {
    const member = this.members.get(id)
    if (member === undefined) throw new Error(`there is no ${id}`)
    return member
  }

  state(id: string): State {
    return this.member(id).state
  }

  // What the test decides.

  /** Time goes by, and nobody looks at a clock. */
  pass(ms: number): void {
    this.now += ms
  }

  /** The member's deadline comes. */
  tick(id: string): void {
    this.now = Math.max(this.now, this.state(id).nextDeadline)
    this.step(id, { type: 'tick' })
  }

  /** Time goes by, deadlines are kept, and everything settles after each. */
  run(ms: number): void {
    const end = this.now + ms
    for (;;) {
      const next = [...this.members.values()].filter((one) => one.up).sort((a, b) => a.state.nextDeadline - b.state.nextDeadline)[0]
      if (next === undefined || next.state.nextDeadline > end) break
      this.tick(next.id)
      this.settle()
    }
    this.now = end
  }

  /** The member stands for election when all others have waited long enough to listen to it, and wins. */
  elect(id: string): void {
    // The first time it may have to learn the others' term.
    for (let tries = 0; tries < 3 && this.state(id).role !== 'leader'; tries++) this.stand(id)
    if (this.state(id).role !== 'leader') throw new Error(`${id} was not elected: ${this.roles()}`)
  }

  /** The member stands for election; what comes of it is another matter. */
  stand(id: string): void {
    this.pass(2 * this.tuning.electionTimeout)
    this.tick(id)
    this.settle()
  }

  /** Only members of one group hear one another. */
  partition(...groups: (readonly string[])[]): void {
    this.#cut = (from, to) => !groups.some((group) => group.includes(from) && group.includes(to))
  }

  heal(): void {
    this.#cut = () => false
  }

  /** The member's writes take until `completeWrite` or `resume`. */
  hang(id: string): void {
    this.member(id).hung = true
  }

  resume(id: string): void {
    this.member(id).hung = false
  }

  completeWrite(id: string): void {
    const member = this.member(id)
    const write = member.inFlight
    if (write === null) throw new Error(`${id} writes nothing`)
    member.inFlight = null
    member.disk.write(write)
    member.completedWrite = write.number
    const held = member.held
    member.held = []
    for (const outgoing of held) this.#send(member, outgoing)
    this.step(id, { type: 'written', number: write.number })
  }

  /** What was not durable is gone, unless the write in flight had reached the disk. */
  crash(id: string, inFlight: 'lost' | 'kept' = 'lost'): void {
    const member = this.member(id)
    if (inFlight === 'kept' && member.inFlight !== null) member.disk.write(member.inFlight)
    member.up = false
    Object.assign(member, { inFlight: null, completedWrite: 0, held: [], reads: [], applying: null })
  }

  restart(id: string): void {
    this.#boot(this.member(id))
  }

  propose(id: string, ...commands: string[]): number | null {
    return this.#act(id, (state) => state.propose(commands.map(bytesOf), this.now))
  }

  read(id: string): number | null {
    return this.#act(id, (state) => state.read(this.now))
  }

  /** This message arrives, whether anybody sent it or not. */
  receive(to: string, from: string, message: Message): void {
    this.step(to, { type: 'message', from, message: decodeMessage(encodeMessage(message)) })
  }

  /** The packets under way that fit arrive, in order; those that their arrival causes do not. */
  deliver(fits: (packet: Packet) => boolean = () => true): Packet[] {
    const chosen = this.packets.filter(fits)
    this.packets = this.packets.filter((packet) => !chosen.includes(packet))
    for (const { from, to, message } of chosen) if (this.member(to).up && !this.#cut(from, to)) this.receive(to, from, message)
    return chosen
  }

  /** The packets under way that fit are lost. */
  drop(fits: (packet: Packet) => boolean = () => true): Packet[] {
    const chosen = this.packets.filter(fits)
    this.packets = this.packets.filter((packet) => !chosen.includes(packet))
    return chosen
  }

  /** Writes are completed, packets delivered and entries applied until nothing is left to do. */
  settle(): void {
    for (let round = 0; round < 100_000; round++) if (!this.#settleOnce()) return
    throw new Error('it never settles')
  }

  step(id: string, event: Event): void {
    this.#act(id, (state) => state.step(event, this.now))
  }

  roles(): string {
    return [...this.members.values()].map(({ id, state }) => `${id}=${state.role}@${state.currentTerm}`).join(' ')
  }

  /** What of this kind has left since the trace was last cleared. */
  sent<T extends Message['type']>(type: T, from?: string, to?: string): Extract<Message, { type: T }>[] {
    return this.trace
      .filter((one) => one.message.type === type && (from ?? one.from) === one.from && (to ?? one.to) === one.to)
      .map((one) => one.message as Extract<Message, { type: T }>)
  }

  #settleOnce(): boolean {
    const before = this.#steps
    for (const member of this.members.values()) {
      if (!member.up) continue
      if (member.inFlight !== null && !member.hung) this.completeWrite(member.id)
      this.finishReads(member.id)
      this.finishApply(member.id)
    }
    const packet = this.packets.find((one) => this.rule(one) !== 'hold')
    if (packet === undefined) return this.#steps > before
    this.packets.splice(this.packets.indexOf(packet), 1)
    if (this.rule(packet) === 'deliver' && this.member(packet.to).up && !this.#cut(packet.from, packet.to))
      this.receive(packet.to, packet.from, packet.message)
    return true
  }

  finishReads(id: string): void {
    const member = this.member(id)
    const reads = member.reads
    member.reads = []
    for (const { requester, from, to, maxBytes } of reads)
      this.step(id, { type: 'fetched', requester, entries: member.disk.read(from, to, maxBytes) })
  }

  finishApply(id: string): void {
    const member = this.member(id)
    const batch = member.applying
    if (batch === null) return
    member.applying = null
    for (let i = batch.firstIndex; i <= batch.lastIndex; i++) {
      this.oracle.applied(i, `${batch.term(i)}/${batch.kind(i)}/${textOf(batch.payload(i))}`)
      if (batch.kind(i) === 0) member.applied.push(textOf(batch.payload(i)))
    }
    this.step(id, { type: 'applied', index: batch.lastIndex })
  }

  #boot(member: Member): void {
    const { id, disk, random } = member
    const membership = initialMembership(
      this.#ids.map((one) => ({ id: one, addresses: {} })),
      id,
    )
    member.up = true
    member.incarnation += 1
    member.checkedCommit = disk.baseIndex
    member.applied.length = 0
    member.state = new State({ id, group: 0, membership, tuning: this.tuning, random }, disk.stored(), 0, this.now)
  }

  #act<T>(id: string, action: (state: State) => T): T {
    const member = this.member(id)
    if (!member.up) throw new Error(`${id} is down`)
    this.#steps += 1
    const fork = this.#steps % this.#forkEvery === 0 ? this.#actOnFork(member, action) : null
    const result = action(member.state)
    const effects = member.state.takeEffects()
    if (fork !== null && (!isDeepStrictEqual(fork.effects, effects) || fork.fingerprint !== member.state.fingerprint()))
      this.oracle.violations.push(`a fork of ${id} did something else: ${fork.fingerprint} instead of ${member.state.fingerprint()}`)
    this.#carryOut(member, effects)
    this.oracle.check(member, [...this.members.values()])
    return result
  }

  #actOnFork(member: Member, action: (state: State) => unknown) {
    const { seed } = member
    const before = member.state.fingerprint()
    const copy = member.state.fork()
    if (copy.fingerprint() !== before) this.oracle.violations.push(`a fork of ${member.id} is another`)
    action(copy)
    const effects = copy.takeEffects()
    member.seed = seed
    if (member.state.fingerprint() !== before) this.oracle.violations.push(`a fork of ${member.id} changed its origin`)
    return { effects, fingerprint: copy.fingerprint() }
  }

  #carryOut(member: Member, effects: Effects): void {
    member.transitions.push(...effects.transitions)
    if (effects.write !== null) {
      if (member.inFlight !== null) this.oracle.violations.push(`${member.id} has two writes in flight`)
      member.inFlight = effects.write
    }
    for (const outgoing of effects.messages) this.#send(member, outgoing)
    member.reads.push(...effects.fetches)
    member.confirmed.push(...effects.confirmedReads)
    if (effects.apply === null) return
    if (member.applying !== null) this.oracle.violations.push(`${member.id} applies two batches at once`)
    if (effects.apply.lastIndex > member.disk.lastIndex) this.oracle.violations.push(`${member.id} applies what is not durable`)
    member.applying = effects.apply
  }

  #send(member: Member, outgoing: Outgoing): void {
    if (outgoing.after > member.completedWrite) {
      member.held.push(outgoing)
      return
    }
    const packet = { from: member.id, to: outgoing.to, message: outgoing.message }
    this.oracle.leaves(member, this.members.get(outgoing.to), outgoing.message)
    this.trace.push(packet)
    this.packets.push(packet)
  }
}
