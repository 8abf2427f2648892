import type { MemberId, Message } from '@raft/core'
import { type Disk, entryName, type Member, termOf } from './member.js'
import type { Situation } from './situation.js'
import { demand } from './violation.js'

/** What is said is durable: votes, claims and acknowledgements (paper §5; etcd #14370). Later writes may have overtaken it. */
export function checkSaid(from: MemberId, to: MemberId, message: Message, { hardState, entries }: Disk): void {
  const { currentTerm, votedFor } = hardState
  const isSaid = message.type === 'requestVote' || message.type === 'requestVoteReply' || message.type === 'appendEntriesReply'
  if (!isSaid || currentTerm > message.term) return
  const what = () =>
    `${from} sends ${message.type} of ${message.term}, and its disk knows a vote for ${votedFor} in ${currentTerm}, ${entries.length} entries`
  demand(currentTerm === message.term, 'durable before said', what)
  if (message.type === 'requestVote')
    demand(votedFor === from && termOf(entries[message.lastLogIndex - 1]) === message.lastLogTerm, 'durable before said', what)
  else if (message.type === 'requestVoteReply') demand(!message.voteGranted || votedFor === to, 'durable before said', what)
  else demand(!message.success || entries.length >= message.matchIndex, 'durable before said', what)
}

/** What must be true at every moment (paper, Figure 3). */
export function checkSituation({ members, history }: Situation): void {
  const { committed } = history
  for (const member of members) {
    checkCommitted(member, committed)
    checkProgress(member, members)
    for (const other of members) if (other.id > member.id) checkMatching(member, other)
  }
  committed.forEach(({ term }, at) => {
    const holders = members.filter(({ disk }) => termOf(disk.entries[at]) === term)
    demand(
      2 * holders.length > members.length,
      'committed is kept',
      () => `${at + 1} of term ${term} is committed, and on the disks of ${holders.map(({ id }) => id)}`,
    )
  })
}

function checkCommitted({ id, state }: Member, committed: Situation['history']['committed']): void {
  const { log, commitIndex, currentTerm, role } = state
  demand(commitIndex <= log.lastIndex, 'commit within the log', () => `${id} commits ${commitIndex} of ${log.lastIndex}`)
  committed.forEach(({ term, by }, at) => {
    const index = at + 1
    const found = index <= log.lastIndex ? log.term(index) : 0
    if (index <= commitIndex)
      demand(found === term, 'state machine safety', () => `${id} has committed ${index} of term ${found}, where ${term} was committed`)
    if (role === 'leader' && currentTerm > by)
      demand(found === term, 'leader completeness', () => `${id} leads ${currentTerm} and has not ${index} of ${term}, committed in ${by}`)
  })
}

/** What a leader believes of its followers is so, as long as they follow it. */
function checkProgress({ id, state }: Member, members: readonly Member[]): void {
  if (state.progress === null) return
  for (const { id: other, disk } of members) {
    const matchIndex = state.progress.get(other)?.matchIndex ?? 0
    if (matchIndex === 0 || disk.hardState.currentTerm > state.currentTerm) continue
    const isTrue = termOf(disk.entries[matchIndex - 1]) === state.log.term(matchIndex)
    demand(
      isTrue,
      'matchIndex is true',
      () => `${id} takes ${other} to match up to ${matchIndex}, whose disk ends at ${disk.entries.length}`,
    )
  }
}

function checkMatching(one: Member, other: Member): void {
  const [log, peer] = [one.state.log, other.state.log]
  let matches = false
  for (let index = Math.min(log.lastIndex, peer.lastIndex); index > 0; index--) {
    const isSame = log.term(index) === peer.term(index)
    demand(isSame || !matches, 'log matching', () => `${one.id} and ${other.id} agree on ${index + 1} and not on ${index}`)
    matches ||= isSame
  }
  const count = Math.min(one.disk.entries.length, other.disk.entries.length)
  for (let at = 0; at < count; at++) {
    const [entry, peers] = [one.disk.entries[at], other.disk.entries[at]]
    if (entry === undefined || peers === undefined || termOf(entry) !== termOf(peers)) continue
    demand(
      entryName(entry) === entryName(peers),
      'log matching',
      () => `${one.id} and ${other.id} hold different entries at ${at + 1} of one term`,
    )
  }
}
