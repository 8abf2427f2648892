import type { Account, AppendEntries, InflightAccount, NodeAccounts, NodeStatus } from '@raft/core'
import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

interface SentMessage {
  readonly prevLogIndex: number
  readonly lastIndex: number
  readonly bytes: number
}

/** What a leader has sent to one follower in its term, and how the leader's own account of it developed. */
interface Correspondence {
  readonly term: number
  messages: SentMessage[]
  /** Messages of any kind that have come from the follower. */
  deliveries: number
  resendAt: number
  /** `deliveries` when `resendAt` was set. */
  deliveriesThen: number
  wasInFlight: boolean
}

/** The commands, their bytes, and the reads that a node was given and has not answered. */
interface Open {
  command: number
  read: number
  bytes: number
}

/** Accounts are counted anew in one turn of this many, as that takes long where much waits. */
const COUNTED_EVERY = 8
/** Messages that are remembered before those are dropped that were acknowledged. */
const REMEMBERED = 600

/**
 * What a node keeps as a sum is the sum of what is there. What a leader takes for sent to a follower and not acknowledged is what it was
 * seen to send; as long as there is room for more, it has sent all it has; and the time at which that counts as lost is not put off unless
 * the follower has answered. No more waits at a node than was asked of it, and nothing once it has stopped.
 */
export function accounting(facts: Facts): Oracle {
  const { maxInflightBytes, maxInflightMessages } = facts.options
  /** By leader, then by follower. */
  const correspondences = new Map<string, Map<string, Correspondence>>()
  const turns = new Map<string, number>()
  const opens = new Map<string, Open>()
  /** Members that have stopped. */
  const stopped = new Set<string>()

  const broken = (message: string) => facts.violated('accounts are right', message)

  const openOf = (id: string): Open => {
    const open = opens.get(id) ?? { command: 0, read: 0, bytes: 0 }
    opens.set(id, open)
    return open
  }

  const correspondenceOf = (id: string, to: string, term: number): Correspondence => {
    const byFollower = correspondences.get(id) ?? new Map<string, Correspondence>()
    correspondences.set(id, byFollower)
    const known = byFollower.get(to)
    if (known?.term === term) return known
    const fresh = { term, messages: [], deliveries: 0, resendAt: Number.POSITIVE_INFINITY, deliveriesThen: 0, wasInFlight: false }
    byFollower.set(to, fresh)
    return fresh
  }

  const checkSum = (id: string, what: string, { kept, counted }: Account) => {
    if (kept !== counted) broken(`${id} keeps ${kept} as its number of ${what}; there are ${counted}`)
  }

  const checkSums = (id: string, accounts: NodeAccounts) => {
    checkSum(id, 'proposals', accounts.proposals)
    checkSum(id, 'bytes of proposals', accounts.proposalBytes)
    checkSum(id, 'reads', accounts.reads)
    checkSum(id, 'bytes in the window of its log', accounts.windowBytes)
  }

  const checkInflight = (id: string, account: InflightAccount, status: NodeStatus, now: number) => {
    const follower = status.followers.find((one) => one.id === account.id)
    if (follower === undefined) return
    const sent = correspondenceOf(id, account.id, status.currentTerm)
    const { messages, bytes } = follower.mode === 'probe' ? probed(sent, account.messages) : streamed(sent, follower)
    const said = `${account.messages} messages of ${account.bytes} bytes on their way to ${account.id}`
    if (messages !== account.messages || bytes !== account.bytes) broken(`${id} counts ${said}; it has sent ${messages} of ${bytes}`)
    const isFull =
      follower.mode === 'probe' ? account.messages > 0 : account.messages >= maxInflightMessages || account.bytes >= maxInflightBytes
    if (follower.nextIndex <= status.lastLogIndex && !isFull && !account.isFetching)
      broken(`${id} has ${said}, and does not send entry ${follower.nextIndex} of ${status.lastLogIndex}`)
    checkResendAt(id, account, sent, now)
  }

  const checkResendAt = (id: string, { id: to, messages, resendAt }: InflightAccount, sent: Correspondence, now: number) => {
    const isInFlight = messages > 0
    if (isInFlight !== Number.isFinite(resendAt))
      broken(`${id} sends again to ${to} at ${resendAt} while ${messages} messages are on their way`)
    if (resendAt === sent.resendAt) return
    const isPutOff = isInFlight && sent.wasInFlight && resendAt > sent.resendAt
    if (isPutOff && now < sent.resendAt && sent.deliveries === sent.deliveriesThen)
      broken(`${id} puts off from ${sent.resendAt} to ${resendAt} what it sends again to ${to}, which has not answered since`)
    sent.resendAt = resendAt
    sent.deliveriesThen = sent.deliveries
    sent.wasInFlight = isInFlight
  }

  const noteSent = (id: string, to: string, { term, prevLogIndex, entries }: AppendEntries) => {
    correspondenceOf(id, to, term).messages.push({ prevLogIndex, lastIndex: entries.lastIndex, bytes: entries.byteLength })
  }

  return {
    onSend: (id, to, message) => {
      if (message.type === 'appendEntries') noteSent(id, to, message)
    },
    onDeliver: (id, from) => {
      const sent = correspondences.get(id)?.get(from)
      if (sent !== undefined) sent.deliveries += 1
    },
    onAsked: (id, kind, bytes) => {
      const open = openOf(id)
      open[kind] += 1
      open.bytes += bytes
    },
    onAnswered: (id, kind, bytes) => {
      const open = openOf(id)
      open[kind] -= 1
      open.bytes -= bytes
    },
    onAccounts: (id, accounts, status) => {
      if (stopped.has(id)) return
      const { pendingProposals, pendingProposalBytes, pendingReads } = status
      const open = openOf(id)
      if (pendingProposals > open.command || pendingProposalBytes > open.bytes || pendingReads > open.read)
        broken(
          `${pendingProposals} proposals of ${pendingProposalBytes} bytes and ${pendingReads} reads wait at ${id}; asked of it and not answered are ${open.command} of ${open.bytes} and ${open.read}`,
        )
      checkSum(id, 'tickets for reads', accounts.readTickets)
      for (const account of accounts.inflight) checkInflight(id, account, status, accounts.now)
      const turn = turns.get(id) ?? 0
      turns.set(id, turn + 1)
      if (turn % COUNTED_EVERY === 0) checkSums(id, accounts)
    },
    onStopped: (id, _status, accounts) => {
      stopped.add(id)
      checkSums(id, accounts)
      const { proposals, proposalBytes, reads } = accounts
      if (proposals.kept + proposalBytes.kept + reads.kept > 0)
        broken(`${id} has stopped; ${proposals.kept} proposals of ${proposalBytes.kept} bytes and ${reads.kept} reads wait`)
    },
    onEnded: (id) => {
      for (const ofMember of [correspondences, turns, opens, stopped]) ofMember.delete(id)
    },
  }
}

/** To a follower of which it is not known where the logs agree: the last message alone, or none where that was answered. */
function probed({ messages }: Correspondence, kept: number): { messages: number; bytes: number } {
  const last = messages.at(-1)
  return kept === 0 || last === undefined ? { messages: 0, bytes: 0 } : { messages: 1, bytes: last.bytes }
}

/** The messages that follow one another and end before nextIndex, back to the one that holds what follows matchIndex. */
function streamed(
  sent: Correspondence,
  { matchIndex, nextIndex }: { matchIndex: number; nextIndex: number },
): { messages: number; bytes: number } {
  let end = nextIndex - 1
  let count = 0
  let bytes = 0
  for (let i = sent.messages.length - 1; i >= 0 && end > matchIndex; i--) {
    const message = sent.messages[i] as SentMessage
    if (message.lastIndex !== end) break
    count += 1
    bytes += message.bytes
    end = message.prevLogIndex
  }
  if (sent.messages.length > REMEMBERED) sent.messages = sent.messages.filter(({ lastIndex }) => lastIndex > matchIndex).slice(-REMEMBERED)
  return { messages: count, bytes }
}
