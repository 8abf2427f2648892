import type { EntryBatch, HardState, MemberId, StoredLog, TermRun } from '@raft/core'
import type { Event, NumberedWrite, Outgoing, State } from '@raft/core/state'

/** What a member's disk holds. Never changed: a write makes another one. */
export interface Disk {
  readonly hardState: HardState
  /** One entry each, from index 1 on. */
  readonly entries: readonly EntryBatch[]
}

export const emptyDisk: Disk = { hardState: { currentTerm: 0, votedFor: null }, entries: [] }

export function written({ hardState, entries }: Disk, write: NumberedWrite): Disk {
  const all = [...entries]
  for (const batch of write.entries) {
    all.length = batch.firstIndex - 1
    for (let index = batch.firstIndex; index <= batch.lastIndex; index++) all.push(batch.slice(index, index))
  }
  return { hardState: write.hardState ?? hardState, entries: all }
}

export function storedLog({ hardState, entries }: Disk): StoredLog {
  const runs: TermRun[] = []
  for (const {
    firstIndex,
    runs: [run],
  } of entries) {
    if (run !== undefined && run.term !== runs.at(-1)?.term) runs.push({ firstIndex, term: run.term })
  }
  return { hardState, baseIndex: 0, baseTerm: 0, lastIndex: entries.length, runs }
}

export function termOf(entry: EntryBatch | undefined): number {
  return entry?.runs[0]?.term ?? 0
}

/** What an entry is, in a few letters. */
export function entryName(entry: EntryBatch): string {
  return `${termOf(entry)}.${entry.kind(entry.firstIndex)}.${entry.payload(entry.firstIndex).join('-')}`
}

/** A read that waits: what it must not miss. */
export interface WaitingRead {
  readonly ticket: number
  readonly floor: number
}

export type MemberParts = Pick<Member, 'id' | 'state' | 'disk' | 'truth' | 'write' | 'held' | 'reads'>

/** One member with its disk and what its node holds. Never changed once it is part of a situation. */
export class Member {
  readonly id: MemberId
  readonly state: State
  /** What it has been told is durable. */
  readonly disk: Disk
  /** What is durable: the same, unless the disk lies. */
  readonly truth: Disk
  /** Under way. */
  readonly write: NumberedWrite | null
  /** Messages that wait for a write. */
  readonly held: readonly Outgoing[]
  readonly reads: readonly WaitingRead[]
  readonly #keys = new Map<string, readonly [number, number]>()
  #shape: number | null = null

  constructor({ id, state, disk, truth, write, held, reads }: MemberParts) {
    this.id = id
    this.state = state
    this.disk = disk
    this.truth = truth
    this.write = write
    this.held = held
    this.reads = reads
  }

  /** Everything about it that decides what may happen, with members under the names given. */
  describe(nameOf: (id: MemberId) => string): string {
    const { state, disk, truth, held, reads } = this
    const { completed } = state.durability
    const waiting = held.map(({ to, message, after }) => `${nameOf(to)}:${after - completed}:${messageName(message)}`)
    return [
      state.fingerprint(nameOf),
      diskName(disk, nameOf),
      truth === disk ? '' : diskName(truth, nameOf),
      this.write === null ? '' : writeName(this.write, nameOf),
      waiting.sort().join(),
      reads.map(({ ticket, floor }) => `${ticket}:${floor}`).join(),
    ].join('#')
  }

  /** A hash of `describe`, remembered by the order of names. */
  key(order: string, nameOf: (id: MemberId) => string): readonly [number, number] {
    const known = this.#keys.get(order)
    if (known !== undefined) return known
    const key = hashText(this.describe(nameOf))
    this.#keys.set(order, key)
    return key
  }

  /** The same for any two members that differ in their names alone, and different for most others. */
  get shape(): number {
    this.#shape ??= this.#findShape()
    return this.#shape
  }

  #findShape(): number {
    const { role, currentTerm, votedFor, leaderId, commitIndex, log } = this.state
    const self = (id: MemberId | null) => (id === null ? 0 : id === this.id ? 1 : 2)
    const parts = [role.length, currentTerm, self(votedFor), self(leaderId), commitIndex, log.lastIndex, log.durableIndex, this.held.length]
    let shape = this.write === null ? 1 : 2
    for (const part of parts) shape = mix(Math.imul(shape, 31) + part)
    return shape
  }
}

function diskName({ hardState, entries }: Disk, nameOf: (id: MemberId) => string): string {
  return `${voteName(hardState, nameOf)}/${entries.map((entry) => entryName(entry)).join()}`
}

function voteName({ currentTerm, votedFor }: HardState, nameOf: (id: MemberId) => string): string {
  return `${currentTerm}:${votedFor === null ? '' : nameOf(votedFor)}`
}

function writeName({ hardState, entries }: NumberedWrite, nameOf: (id: MemberId) => string): string {
  return `${hardState === null ? '' : voteName(hardState, nameOf)}/${entries.map(entriesName).join('+')}`
}

function entriesName(batch: EntryBatch): string {
  const names: string[] = []
  for (let index = batch.firstIndex; index <= batch.lastIndex; index++) names.push(entryName(batch.slice(index, index)))
  return `${batch.firstIndex}=${names.join()}`
}

type Message = Extract<Event, { type: 'message' }>['message']

const names = new WeakMap<Message, string>()

/** What a message says. It names no member. */
export function messageName(message: Message): string {
  const known = names.get(message)
  if (known !== undefined) return known
  const parts = Object.entries(message).map(([field, value]) =>
    field === 'entries' ? entriesName(value as EntryBatch) : `${field} ${value}`,
  )
  const name = parts.filter((part) => part !== 'group 0').join(', ')
  names.set(message, name)
  return name
}

/** Two hashes of 32 bits, independent enough that two texts hardly ever share both. */
export function hashText(text: string): readonly [number, number] {
  let a = 0x9e3779b9
  let b = 0x85ebca6b
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x5bd1e995)
    b ^= b >>> 15
  }
  return [mix(a), mix(b ^ a)]
}

export function mix(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
