import { completeTuning, type MemberId, type Tuning } from '@raft/core'
import { initialMembership, State } from '@raft/core/state'
import { emptyDisk, Member, messageName, storedLog, written } from './member.js'
import type { CreateState, Faults, Scope } from './scope.js'
import type { Packet, Situation, Spent } from './situation.js'
import { Turn } from './turn.js'

type MemberMove = 'timeout' | 'heartbeat' | 'propose' | 'read' | 'written' | 'crash' | 'crashWritten'

/** One thing that may happen next. */
export type Move =
  | { readonly kind: MemberMove; readonly member: number }
  /** `packet` is a place in the network; `member` is where it comes out. */
  | { readonly kind: 'deliver' | 'repeat' | 'misdeliver'; readonly packet: number; readonly member: number }

/** A leader that hears nobody steps down at its third heartbeat. */
const TUNING: Tuning = completeTuning({ electionTimeout: 3, heartbeatInterval: 1 })

/** The rules of one exploration. */
export class Moves {
  readonly scope: Scope
  readonly #faults: Faults
  readonly #create: CreateState
  readonly #ids: readonly MemberId[]

  constructor(scope: Scope, faults: Faults, create: CreateState = (...args) => new State(...args)) {
    this.scope = scope
    this.#faults = faults
    this.#create = create
    this.#ids = Array.from({ length: scope.members }, (_, i) => String.fromCharCode(97 + i))
  }

  start(): Situation {
    const members = this.#ids.map((id) => {
      const state = this.#newState(id, emptyDisk)
      return new Member({ id, state, disk: emptyDisk, truth: emptyDisk, write: null, held: [], reads: [] })
    })
    const spent: Spent = { timeouts: 0, heartbeats: 0, proposals: 0, reads: 0, crashes: 0, duplications: 0 }
    return { members, network: [], spent, history: { leaders: [], committed: [], applied: [] } }
  }

  /** All that may happen next, in an order that depends on nothing but the situation. */
  from(situation: Situation): Move[] {
    const moves: Move[] = []
    situation.members.forEach((member, at) => {
      for (const kind of this.#kindsFor(member, situation.spent)) moves.push({ kind, member: at })
    })
    const seen = new Set<string>()
    situation.network.forEach(({ from, to, message }, packet) => {
      const name = `${from}>${to} ${messageName(message)}`
      if (seen.has(name)) return
      seen.add(name)
      const member = this.#ids.indexOf(to)
      moves.push({ kind: 'deliver', packet, member })
      if (situation.spent.duplications < this.scope.duplications) moves.push({ kind: 'repeat', packet, member })
      if (this.#faults.misdelivers !== true) return
      this.#ids.forEach((id, other) => {
        if (id !== to && id !== from) moves.push({ kind: 'misdeliver', packet, member: other })
      })
    })
    return moves
  }

  #kindsFor({ state, write }: Member, spent: Spent): MemberMove[] {
    const { scope } = this
    const kinds: MemberMove[] = []
    if (state.role !== 'leader') {
      if (spent.timeouts < scope.timeouts) kinds.push('timeout')
    } else {
      if (spent.heartbeats < scope.heartbeats) kinds.push('heartbeat')
      if (spent.proposals < scope.proposals) kinds.push('propose')
      if (spent.reads < scope.reads) kinds.push('read')
    }
    if (write !== null) kinds.push('written')
    if (spent.crashes < scope.crashes) kinds.push('crash')
    if (spent.crashes < scope.crashes && write !== null) kinds.push('crashWritten')
    return kinds
  }

  /** The situation after a move; null where it leads out of the scope. @throws Broken */
  play(situation: Situation, move: Move): Situation | null {
    const { members, network, history } = situation
    const member = members[move.member]
    if (member === undefined) throw new Error(`there is no member ${move.member}`)
    const restarts = move.kind === 'crash' || move.kind === 'crashWritten'
    const before = restarts ? this.#restarted(member, move.kind === 'crashWritten') : member
    const turn = new Turn(before, restarts ? before.state : before.state.fork(), history, this.scope, this.#faults)
    const packet = 'packet' in move ? network[move.packet] : undefined
    this.#act(turn, move, packet, situation.spent)
    const left = packet === undefined || move.kind === 'repeat' ? network : network.filter((one) => one !== packet)
    const ended = turn.end()
    if (ended.member.state.currentTerm > this.scope.maxTerm) return null
    return {
      members: members.map((one) => (one === member ? ended.member : one)),
      network: [...left, ...ended.sent],
      spent: spend(situation.spent, move),
      history: ended.history,
    }
  }

  #act(turn: Turn, { kind }: Move, packet: Packet | undefined, spent: Spent): void {
    switch (kind) {
      case 'timeout':
      case 'heartbeat':
        turn.run((state) => state.step({ type: 'tick' }, state.nextDeadline))
        break
      case 'propose':
        turn.run((state) => state.propose([Uint8Array.of(spent.proposals + 1)], state.now))
        break
      case 'read':
        turn.read()
        break
      case 'written':
        turn.complete()
        break
      case 'crash':
      case 'crashWritten':
        turn.run(() => {})
        break
      default:
        if (packet === undefined) throw new Error('there is no such packet')
        turn.run((state) => state.step({ type: 'message', from: packet.from, message: packet.message }, state.now))
    }
  }

  describe({ members, network }: Situation, move: Move): string {
    const id = members[move.member]?.id ?? '?'
    switch (move.kind) {
      case 'timeout':
        return `${id} has waited long enough`
      case 'heartbeat':
        return `a heartbeat of ${id} is due`
      case 'propose':
        return `a client gives ${id} a command`
      case 'read':
        return `a client reads at ${id}`
      case 'written':
        return `the write of ${id} is durable`
      case 'crash':
        return `${id} crashes, and restarts without the write that was under way`
      case 'crashWritten':
        return `${id} crashes, and restarts with the write that was under way`
      default: {
        const packet = network[move.packet] as Packet
        const how = { deliver: 'gets', repeat: 'gets, and not for the last time,', misdeliver: 'wrongly gets' }[move.kind]
        return `${id} ${how} from ${packet.from}: ${messageName(packet.message)}`
      }
    }
  }

  #restarted({ id, truth, write }: Member, withWrite: boolean): Member {
    const stored = withWrite && write !== null ? written(truth, write) : truth
    const { currentTerm, votedFor } = stored.hardState
    const disk =
      this.#faults.forgetsVotes === true && votedFor !== null ? { ...stored, hardState: { currentTerm, votedFor: null } } : stored
    return new Member({ id, state: this.#newState(id, disk), disk, truth: disk, write: null, held: [], reads: [] })
  }

  #newState(id: MemberId, disk: Member['disk']): State {
    const membership = initialMembership(
      this.#ids.map((one) => ({ id: one, addresses: {} })),
      id,
    )
    // Without an order among those that campaign: every race between them is looked at, and members can be exchanged.
    return this.#create({ id, group: 0, membership, tuning: TUNING, random: () => 0, preVoteWindow: 0 }, storedLog(disk), 0, 0)
  }
}

const SPENDS: Partial<Record<Move['kind'], keyof Spent>> = {
  timeout: 'timeouts',
  heartbeat: 'heartbeats',
  propose: 'proposals',
  read: 'reads',
  crash: 'crashes',
  crashWritten: 'crashes',
  repeat: 'duplications',
}

function spend(spent: Spent, { kind }: Move): Spent {
  const what = SPENDS[kind]
  return what === undefined ? spent : { ...spent, [what]: spent[what] + 1 }
}
