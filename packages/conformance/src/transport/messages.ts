import { EntryBatch, EntryKind, type GroupId, type Message, type Random } from '@raft/core'
import { patternBytes, randomBytes, whole } from '../random.js'

const MOST = Number.MAX_SAFE_INTEGER - 1

/** Every type of message, with small and large numbers. */
export function everyMessage(group: GroupId): Message[] {
  return [1, 2 ** 32 + 1, MOST].flatMap((n): Message[] => [
    { type: 'preVote', group, term: n, lastLogIndex: n, lastLogTerm: n - 1 },
    { type: 'preVoteReply', group, term: n, voteGranted: true },
    { type: 'requestVote', group, term: n, lastLogIndex: n - 1, lastLogTerm: n - 1 },
    { type: 'requestVoteReply', group, term: n, voteGranted: false },
    { type: 'appendEntries', group, term: n, prevLogIndex: n - 1, prevLogTerm: n - 1, leaderCommit: n - 1, entries: EntryBatch.empty(n) },
    { type: 'appendEntriesReply', group, term: n, success: true, prevLogIndex: n, matchIndex: n, matchTerm: 0 },
    { type: 'appendEntriesReply', group, term: n, success: false, prevLogIndex: n, matchIndex: n - 1, matchTerm: n - 1 },
    { type: 'heartbeat', group, term: n, leaderCommit: n - 1, round: n },
    { type: 'heartbeatReply', group, term: n, round: n },
  ])
}

export function heartbeat(group: GroupId, round: number): Message {
  return { type: 'heartbeat', group, term: 7, leaderCommit: 3, round }
}

function append(group: GroupId, entries: EntryBatch): Message {
  const prevLogIndex = entries.firstIndex - 1
  return { type: 'appendEntries', group, term: 9, prevLogIndex, prevLogTerm: 0, leaderCommit: 0, entries }
}

/** One entry of so many bytes, different for every index. */
export function large(group: GroupId, index: number, bytes: number): Message {
  return append(group, EntryBatch.of(index, 1, EntryKind.Command, [patternBytes(index, bytes)]))
}

/** Entries of every kind and of several terms, empty ones among them; as a slice of a larger batch. */
export function manyKinds(group: GroupId): Message {
  const batches = [...Object.values(EntryKind), EntryKind.Command].map((kind, i) =>
    EntryBatch.of(5 + 3 * i, i + 1, kind, [new Uint8Array(0), Uint8Array.from({ length: 256 }, (_, byte) => byte), Uint8Array.of(kind)]),
  )
  return append(group, EntryBatch.concat(batches).slice(6, 12))
}

export function randomMessage(group: GroupId, random: Random): Message {
  const round = whole(random, 2 ** 31)
  if (random() < 0.5) return heartbeat(group, round)
  const payloads = Array.from({ length: 1 + whole(random, 4) }, () => randomBytes(random, whole(random, random() < 0.1 ? 20_000 : 200)))
  return append(group, EntryBatch.of(1 + round, 1, EntryKind.Command, payloads))
}
