import type { Variant } from './variant.js'

const LEADER = 'packages/core/src/role/leader.ts'
const READ_INDEX = 'packages/core/src/read-index.ts'
const DRIVER = 'packages/core/src/node/driver.ts'
const READS = 'packages/core/src/node/reads.ts'

/** Short elections, so that messages which are late come after them; leaders that are cut off and do not notice. */
const LATE_ANSWERS = {
  members: 3,
  faults: ['isolateLeader', 'slowClock', 'storm', 'pauseLeader'],
  tuning: { electionTimeout: 30, heartbeatInterval: 5 },
}

/** Reads that see everything that was answered before they began (thesis §6.4). */
export const reads: readonly Variant[] = [
  {
    name: 'reads are not confirmed',
    breaks: 'whoever takes itself for the leader answers at once',
    file: READ_INDEX,
    search: 'const confirmed = reachedByMajority(membership, (id) => (id === self ? this.#round : (this.#answered.get(id) ?? 0)))',
    replace: 'const confirmed = membership.voters.includes(self) ? this.#round : reachedByMajority(membership, () => 0)',
    stack: 'core',
    maxSeeds: 400,
  },
  {
    name: 'a read joins the round under way',
    breaks: 'heartbeats that were sent before the read began confirm it',
    file: READ_INDEX,
    search: 'if (last !== undefined && last.round === null) return last.ticket',
    replace: 'if (last !== undefined) return last.ticket',
    stack: 'core',
    maxSeeds: 4000,
  },
  {
    name: 'reads before the no-op is committed',
    breaks: 'a new leader takes its commitIndex for what is committed',
    file: LEADER,
    search: 'this.#reads.startRound(this.#hasCommittedInTerm ? state.commitIndex : null)',
    replace: 'this.#reads.startRound(state.commitIndex)',
    stack: 'core',
    maxSeeds: 1000,
  },
  {
    name: 'a leader that knows of nothing more takes what it has committed for all that is',
    breaks: 'a new leader answers reads before its no-op is committed, where nobody has told it of a higher commitIndex than its own',
    file: LEADER,
    search: 'return this.state.commitIndex >= this.termStartIndex\n',
    replace: 'return this.state.commitIndex >= this.termStartIndex || this.state.commitIndex === this.state.knownCommitIndex\n',
    stack: 'core',
    maxSeeds: 400,
  },
  {
    name: 'whoever answered a moment ago need not answer the round',
    breaks: 'a follower that the leader has heard within an election timeout counts as if it had answered the heartbeat that is sent to it',
    file: LEADER,
    search: 'leaderCommit, round }, 0)\n',
    replace:
      'leaderCommit, round }, 0)\n      if (state.now - progress.heardAt < state.tuning.electionTimeout) this.#reads.answered(id, round)\n',
    stack: 'core',
    // Answers that are held back over an election, and clocks that are wrong.
    options: { members: 3, character: { handovers: true } },
    maxSeeds: 300,
  },
  {
    name: 'a confirmed read does not wait for what it must see',
    breaks: 'the index that a read must see is not looked at',
    file: READS,
    search: 'if (index > appliedIndex) return\n',
    replace: 'if (index < 0) return\n',
    stack: 'core',
    maxSeeds: 400,
  },
  {
    name: 'a follower answers reads',
    breaks: 'who does not lead confirms its reads itself',
    file: DRIVER,
    search: 'if (ticket === null) this.#reads.failNew(() => new NotLeaderError(this.leader))',
    replace: 'if (ticket === null) { this.#reads.ticketed(0); this.#reads.confirmed({ ticket: 0, index: 0 }) }',
    stack: 'core',
    maxSeeds: 50,
  },
  {
    name: 'a round confirms the reads of the next',
    breaks: 'reads that began after the heartbeats of a round were sent are confirmed by it',
    file: READS,
    search: '(this.#ticketed[place] as Ticketed).ticket <= ticket',
    replace: '(this.#ticketed[place] as Ticketed).ticket <= ticket + 1',
    stack: 'core',
    maxSeeds: 3000,
    options: LATE_ANSWERS,
  },
  {
    name: 'a round that is confirmed confirms all that wait',
    breaks: 'reads that came while a round was under way are answered together with those before them',
    file: READ_INDEX,
    search: 'if (round === null || round > confirmed) break',
    replace: 'if (round !== null && round > confirmed) break',
    stack: 'core',
    maxSeeds: 3000,
  },
  {
    name: 'any answer confirms the newest round',
    breaks: 'an answer to an old heartbeat is taken for one to the newest',
    file: 'packages/core/src/read-index.ts',
    search: '    if (round > (this.#answered.get(from) ?? 0)) this.#answered.set(from, round)',
    replace: '    this.#answered.set(from, this.#round)',
    stack: 'core',
    // A leader that was replaced without noticing, whose clock is slow, and an answer that took longer than all of that.
    options: { members: 3, links: { lateness: 0.05, maxLate: 600, loss: 0 }, faults: ['isolateLeader', 'slowClock'] },
    maxSeeds: 500,
  },
]
