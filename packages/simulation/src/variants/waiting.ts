import type { Variant } from './variant.js'

const LEADER = 'packages/core/src/role/leader.ts'
const FOLLOWER = 'packages/core/src/role/follower.ts'
const STATE = 'packages/core/src/state.ts'
const ROLE_CONTEXT = 'packages/core/src/role-context.ts'
const QUORUM = 'packages/core/src/quorum.ts'
const DRIVER = 'packages/core/src/node/driver.ts'
const PEER = 'packages/udp-transport/src/peer.ts'

/**
 * Nothing is wrong in the end, but something waits for a heartbeat or for a timeout. Most of these show on a quiet cluster alone, where it
 * is known how long everything takes. The exceptions are mistakes that cost so much that a cluster does not recover or catch up in time, as
 * a leader that does not look at what is committed when its own write ends, where its disk is the slowest for good.
 */
export const waiting: readonly Variant[] = [
  {
    name: 'reads wait for the next heartbeat',
    breaks: 'a leader sends no round for the reads that have come',
    file: LEADER,
    search: 'if (this.#reads.needsRound && this.#hasCommittedInTerm) {',
    replace: 'if (this.#reads.needsRound && this.#hasCommittedInTerm && this.progress.size === 0) {',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'reads behind a round wait for the next heartbeat',
    breaks: 'whether reads need a round is asked before the round under way is looked at, which they had to wait for',
    file: LEADER,
    search: `    this.#takeConfirmedReads()
    // Asked after that: reads that came while a round was under way wait for no heartbeat, but for a round of their own, sent now.
    if (this.#reads.needsRound && this.#hasCommittedInTerm) {`,
    replace: `    const needsRound = this.#reads.needsRound
    this.#takeConfirmedReads()
    if (needsRound && this.#hasCommittedInTerm) {`,
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'reads are confirmed by the round after their own',
    breaks: 'a round confirms the reads that came before the one before it',
    file: 'packages/core/src/read-index.ts',
    search: '      last.round = this.#round\n',
    replace: '      last.round = this.#round + 1\n',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'more than a majority must acknowledge',
    breaks: 'of three members all are needed, and a leader steps down when one is lost',
    file: QUORUM,
    search: 'return kthLargest(voters, reached, majority(voters.length))',
    replace: 'return kthLargest(voters, reached, Math.min(voters.length, majority(voters.length) + 1))',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'more than a majority must vote',
    breaks: 'of three members all are needed, and none is elected while one is lost',
    file: QUORUM,
    search: 'const needed = majority(voters.length)\n',
    replace: 'const needed = Math.min(voters.length, majority(voters.length) + 1)\n',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'a heartbeat is answered with the round before it',
    breaks: 'a follower answers before it has noted which round the heartbeat is of',
    file: FOLLOWER,
    search: '    this.#lastRound = message.round\n    this.#answerHeartbeat(from)\n',
    replace: '    this.#answerHeartbeat(from)\n    this.#lastRound = message.round\n',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'a leader whose disk is the slowest commits with the next acknowledgement',
    breaks: 'the end of its own write is no reason for a leader to look at what is committed',
    file: LEADER,
    search: '  override written(): void {\n    this.#advanceCommit()',
    replace: '  override written(): void {\n    if (this.progress.size === 0) this.#advanceCommit()',
    stack: 'core',
    maxSeeds: 600,
  },
  {
    name: 'what is committed is applied five milliseconds after the batch before it',
    breaks: 'a timer, and not the next turn, ends the rest after a batch',
    file: DRIVER,
    search: 'else clock.defer(goOn)',
    replace: 'else clock.schedule(clock.now() + 5, goOn)',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'timers come before what has arrived',
    breaks: 'a member that was held up asks to be elected although the heartbeats of its leader are there to be read',
    file: DRIVER,
    search: '    for (const event of inbox) {\n      if (event.type ===',
    replace: `    if (this.#tickDue) {
      this.#tickDue = false
      state.step({ type: 'tick' }, now)
    }
    for (const event of inbox) {
      if (event.type ===`,
    stack: 'core',
    maxSeeds: 600,
  },
  {
    name: 'election timeouts are twice as long',
    breaks: 'they are drawn from two to four times the shortest one',
    file: ROLE_CONTEXT,
    search: 'return this.tuning.electionTimeout * (1 + this.random())',
    replace: 'return this.tuning.electionTimeout * 2 * (1 + this.random())',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'a leader that is known to be gone is waited for',
    breaks: 'a member that has lost its leader waits for an election timeout, and not for its turn',
    file: STATE,
    search: 'return this.now + this.early.turn(this.currentTerm + 1, lost)',
    replace: 'return this.now + this.tuning.electionTimeout + this.early.turn(this.currentTerm + 1, lost)',
    stack: 'core',
    maxSeeds: 1500,
  },
  {
    name: 'a round that is under way confirms nothing when the next is sent',
    breaks: 'reads that wait for the answers to a round wait for those to the next one as soon as that is sent',
    file: 'packages/core/src/read-index.ts',
    search: 'last !== undefined && last.round === null && commitIndex !== null',
    replace: 'last !== undefined && commitIndex !== null',
    stack: 'core',
    maxSeeds: 300,
    // A round trip takes longer than a heartbeat interval: then no round is ever the last.
    options: { character: { far: true, quiet: true } },
  },
  {
    name: 'a read that is alone waits for the next heartbeat',
    breaks: 'a round is sent for reads under several tickets only',
    file: 'packages/core/src/read-index.ts',
    search: 'return first !== undefined && first.round === null\n',
    replace: 'return first !== undefined && first.round === null && this.#waiting.length > 1\n',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'what a turn brings about waits for the next turn',
    breaks: 'events that come while a turn is taken, as the end of applying does, do not cause another turn',
    file: DRIVER,
    search: '      do this.#turn()\n      while (this.#isRunning() && this.#inbox.length > 0)',
    replace: '      this.#turn()',
    stack: 'core',
    maxSeeds: 600,
  },
  {
    name: 'a timer is never set to an earlier time',
    breaks: 'a new leader sends its first heartbeat when its election timeout would have ended',
    file: DRIVER,
    search: 'if (this.#timerAt <= deadline) return',
    replace: 'if (this.#timerAt < Number.POSITIVE_INFINITY) return',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'answers wait for the next datagram',
    breaks: 'an answer to a heartbeat, and to a pre-vote, does not make its peer send',
    file: PEER,
    search: '    if (this.#sessions.current === null) this.establishment.begin()\n    this.#events.onWork(this)',
    replace:
      "    if (this.#sessions.current === null) this.establishment.begin()\n    if (this.#sessions.current === null || !message.type.endsWith('Reply')) this.#events.onWork(this)",
    stack: 'transport',
    maxSeeds: 300,
  },
]
