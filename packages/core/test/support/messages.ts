import type {
  AppendEntries,
  AppendEntriesReply,
  Heartbeat,
  HeartbeatReply,
  PreVoteReply,
  RequestVote,
  RequestVoteReply,
} from '../../src/index.js'
import { entriesOfTerms } from './disk.js'

interface Append {
  readonly term: number
  readonly prev?: readonly [index: number, term: number]
  readonly terms?: readonly number[]
  readonly commit?: number
}

export function append({ term, prev = [0, 0], terms = [], commit = 0 }: Append): AppendEntries {
  const [prevLogIndex, prevLogTerm] = prev
  const entries = entriesOfTerms(prevLogIndex + 1, terms)
  return { type: 'appendEntries', group: 0, term, prevLogIndex, prevLogTerm, leaderCommit: commit, entries }
}

export function heartbeat(term: number, leaderCommit = 0, round = 1): Heartbeat {
  return { type: 'heartbeat', group: 0, term, leaderCommit, round }
}

export function heartbeatReply(term: number, round: number): HeartbeatReply {
  return { type: 'heartbeatReply', group: 0, term, round }
}

export function requestVote(term: number, lastLogIndex = 0, lastLogTerm = 0): RequestVote {
  return { type: 'requestVote', group: 0, term, lastLogIndex, lastLogTerm }
}

export function vote(term: number, voteGranted = true): RequestVoteReply {
  return { type: 'requestVoteReply', group: 0, term, voteGranted }
}

export function preVoteReply(term: number, voteGranted = true): PreVoteReply {
  return { type: 'preVoteReply', group: 0, term, voteGranted }
}

export function accepted(term: number, matchIndex: number): AppendEntriesReply {
  return { type: 'appendEntriesReply', group: 0, term, success: true, prevLogIndex: matchIndex, matchIndex, matchTerm: 0 }
}

export function refused(term: number, prevLogIndex: number, matchIndex: number, matchTerm: number): AppendEntriesReply {
  return { type: 'appendEntriesReply', group: 0, term, success: false, prevLogIndex, matchIndex, matchTerm }
}
