import type { MemberId, Message } from '@raft/core'
import { hashText, type Member, messageName, mix } from './member.js'
import type { Scope } from './scope.js'

export interface Packet {
  readonly from: MemberId
  readonly to: MemberId
  readonly message: Message
}

/** How much of the scope has been used. */
export type Spent = Readonly<Record<Exclude<keyof Scope, 'members' | 'maxTerm' | 'writes'>, number>>

/** What is known from outside of what has happened. */
export interface History {
  /** By term: who led it. */
  readonly leaders: readonly (MemberId | undefined)[]
  /** From index 1 on: the entry's term, and the term in which it was committed. */
  readonly committed: readonly { readonly term: number; readonly by: number }[]
  /** From index 1 on: what was applied. */
  readonly applied: readonly string[]
}

/** The whole cluster at one moment. Never changed: a move makes another one. */
export interface Situation {
  readonly members: readonly Member[]
  /** Messages on their way. What is never delivered is lost, so every loss is part of it. */
  readonly network: readonly Packet[]
  readonly spent: Spent
  readonly history: History
}

/** Equal for situations of which one is the other with exchanged members, and hardly ever for others. */
export function hashOf(situation: Situation): readonly [number, number] {
  let best: readonly [number, number] | null = null
  for (const order of ordersOf(situation.members)) {
    const hash = hashInOrder(situation, order)
    if (best === null || hash[0] < best[0] || (hash[0] === best[0] && hash[1] < best[1])) best = hash
  }
  if (best === null) throw new Error('a situation without members')
  return best
}

/** By shape; where several have the same shape, every order of those. */
function ordersOf(members: readonly Member[]): Member[][] {
  const sorted = [...members].sort((one, other) => one.shape - other.shape)
  if (sorted.every(({ shape }, i) => shape !== sorted[i + 1]?.shape)) return [sorted]
  let orders: Member[][] = [[]]
  for (let i = 0; i < sorted.length; ) {
    const group = sorted.filter(({ shape }) => shape === sorted[i]?.shape)
    const arranged = arrangements(group)
    orders = orders.flatMap((order) => arranged.map((next) => [...order, ...next]))
    i += group.length
  }
  return orders
}

function arrangements(members: readonly Member[]): Member[][] {
  if (members.length < 2) return [[...members]]
  return members.flatMap((first) => arrangements(members.filter((one) => one !== first)).map((rest) => [first, ...rest]))
}

function hashInOrder({ members, network, spent, history }: Situation, order: readonly Member[]): readonly [number, number] {
  const name = order.map(({ id }) => id).join('')
  const places: number[] = []
  order.forEach(({ id }, place) => {
    places[numberOf(id)] = place
  })
  const placeOf = (id: MemberId) => places[numberOf(id)] as number
  const nameOf = (id: MemberId) => NAMES[placeOf(id)] as string
  let a = members.length
  let b = 1
  for (const member of order) {
    const [one, other] = member.key(name, nameOf)
    a = mix(Math.imul(a, 31) ^ one)
    b = mix(Math.imul(b, 37) ^ other)
  }
  let [sumA, sumB] = [0, 0]
  for (const { from, to, message } of network) {
    const [one, other] = messageHash(message)
    const way = 8 * placeOf(from) + placeOf(to) + 1
    sumA = (sumA + mix(one ^ Math.imul(way, 0x9e3779b1))) | 0
    sumB = (sumB + mix(other ^ Math.imul(way, 0x85ebca77))) | 0
  }
  const { leaders, committed, applied } = history
  let text = ''
  for (const id of leaders) text += id === undefined ? '-' : nameOf(id)
  for (const { term, by } of committed) text += `${term}:${by},`
  for (const entry of applied) text += entry
  const { timeouts, heartbeats, proposals, reads, crashes, duplications } = spent
  const [one, other] = hashText(`${text}/${timeouts},${heartbeats},${proposals},${reads},${crashes},${duplications}`)
  return [mix(mix(a ^ sumA) ^ one), mix(mix(b ^ sumB) ^ other)]
}

const NAMES = ['m0', 'm1', 'm2', 'm3', 'm4', 'm5']

/** Members are called a, b, c and so on. */
function numberOf(id: MemberId): number {
  return id.charCodeAt(0) - 97
}

const hashes = new WeakMap<Message, readonly [number, number]>()

function messageHash(message: Message): readonly [number, number] {
  const known = hashes.get(message)
  if (known !== undefined) return known
  const hash = hashText(messageName(message))
  hashes.set(message, hash)
  return hash
}
