// @ts-check

/**
 * Changes of the source that no test notices, and that need none.
 *
 * @typedef {object} Harmless
 * @property {string} file below the top of the repository
 * @property {string} line with which the line begins that the change begins in, without the space before it
 * @property {readonly (readonly [from: string, to: string])[]} changes
 * @property {string} why
 */

const CORE = 'packages/core/src'
const LEADER = `${CORE}/role/leader.ts`
const WINDOW = 'packages/udp-transport/src/replay-window.ts'
const STATE = `${CORE}/state.ts`
const DISPATCHER = 'packages/client/src/dispatcher.ts'
const RECOVERY = 'packages/log-storage/src/recovery.ts'
const NODE = `${CORE}/node/node.ts`
const BATCH = `${CORE}/entry-batch.ts`
const DRIVER = `${CORE}/node/driver.ts`
const LOG = `${CORE}/log/log.ts`
const LOG_WINDOW = `${CORE}/log/window.ts`
const TERM_RUNS = `${CORE}/log/term-runs.ts`
const ROLE_CONTEXT = `${CORE}/role-context.ts`
const FOLLOWER = `${CORE}/role/follower.ts`

const FROM_MEMBERS_ONLY = 'messages of others than members are dropped by State, and a leader has the progress of every member'
const NEVER_FALSE = 'nothing in core makes it false: it would show a mistake that nobody has made yet'
const ALL_VOTE = 'every member votes as long as there are no membership changes'

const RUNNING_HAS_BOTH = 'a node that runs has its State and its Driver'
const FOUND_TOGETHER = 'the first write of the log gives all three of them, and a log without one has been refused before'
const EARLY_TICK = 'a tick before its time does nothing, and one that is due would come with the timer'

/** @type {readonly Harmless[]} */
export const harmless = [
  {
    file: `${CORE}/quorum.ts`,
    line: 'for (; at > 0 && (descending[at - 1] as number) < value; at--) descending[at] = descending[at - 1] as number',
    changes: [
      ['at > 0', 'true'],
      ['at > 0', 'at >= 0'],
    ],
    why: 'before the first place there is no number, and the comparison with that is false',
  },
  {
    file: `${CORE}/quorum.ts`,
    line: 'for (; at > 0 && (descending[at - 1] as number) < value; at--) descending[at] = descending[at - 1] as number',
    changes: [['(descending[at - 1] as number) < value', '(descending[at - 1] as number) <= value']],
    why: 'equal numbers may stand in any order',
  },
  {
    file: `${CORE}/read-index.ts`,
    line: 'if (round > (this.#answered.get(from) ?? 0)) this.#answered.set(from, round)',
    changes: [['round > (this.#answered.get(from) ?? 0)', 'round >= (this.#answered.get(from) ?? 0)']],
    why: 'the same round is stored once more',
  },
  {
    file: `${CORE}/read-index.ts`,
    line: 'if (first === undefined || first.round === null) return null',
    changes: [
      ['first === undefined || first.round === null', 'false'],
      ['first.round === null', 'false'],
    ],
    why: 'it saves counting a majority: the loop below confirms nothing in these cases',
  },
  {
    file: `${CORE}/log/durability.ts`,
    line: 'return this.#nextIndex > log.lastIndex ? log.lastIndex : log.lastWithin(this.#nextIndex, this.#maxWriteBytes)',
    changes: [['this.#nextIndex > log.lastIndex', 'this.#nextIndex >= log.lastIndex']],
    why: 'a write takes one entry whatever its size, so the last entry alone always fits',
  },
  {
    file: `${CORE}/progress.ts`,
    line: "if (this.mode === 'probe') this.#probedPrevLogIndex = this.nextIndex - 1",
    changes: [["this.mode === 'probe'", 'true']],
    why: 'it is read while a probe is under way, and each probe sets it',
  },
  {
    file: `${CORE}/progress.ts`,
    line: 'if (freed === 0 && !news) return news',
    changes: [['freed === 0', 'true']],
    why: 'what is under way in a stream ends behind matchIndex, so an acknowledgement that frees some of it is news',
  },
  {
    file: `${CORE}/progress.ts`,
    line: 'if (prevLogIndex === this.matchIndex && this.#inflight.length === 0) return false',
    changes: [['prevLogIndex === this.matchIndex', 'true']],
    why: 'with nothing under way in a stream, nothing behind matchIndex can have been refused',
  },
  {
    file: LEADER,
    line: 'get electionDeadline(): null {',
    changes: [['{ return null }', '{}']],
    why: 'whoever reads it takes undefined like null',
  },
  { file: LEADER, line: 'if (progress === undefined) return', changes: [['progress === undefined', 'false']], why: FROM_MEMBERS_ONLY },
  {
    file: LEADER,
    line: 'const heardAt = reachedByMajority(state.membership, (id) => (id === state.id ? state.now : (this.progress.get(id)?.heardAt ?? 0)))',
    changes: [['this.progress.get(id)?.heardAt', 'this.progress.get(id).heardAt']],
    why: FROM_MEMBERS_ONLY,
  },
  {
    file: LEADER,
    line: 'id === state.id ? log.durableIndex : (this.progress.get(id)?.matchIndex ?? 0),',
    changes: [['this.progress.get(id)?.matchIndex', 'this.progress.get(id).matchIndex']],
    why: FROM_MEMBERS_ONLY,
  },
  {
    file: LEADER,
    line: 'if (replicated > state.commitIndex && log.term(replicated) === state.currentTerm) state.commitTo(replicated)',
    changes: [['replicated > state.commitIndex', 'replicated >= state.commitIndex']],
    why: 'what is committed already is not committed again by commitTo',
  },
  {
    file: FOLLOWER,
    line: '#isUnreachable = false',
    changes: [['false', 'true']],
    why: 'it is read only after a leader was heard, which sets it',
  },
  {
    file: FOLLOWER,
    line: 'this.#isUnreachable = false',
    changes: [['false', 'true']],
    why: 'it is read only after a leader was heard, which sets it',
  },
  {
    file: FOLLOWER,
    line: 'this.#electionDeadline = state.now + state.drawElectionTimeout()',
    changes: [['state.now + state.drawElectionTimeout()', 'state.now - state.drawElectionTimeout()']],
    why: `in tick, it is the deadline of a member that may not stand, and ${ALL_VOTE}`,
  },
  { file: FOLLOWER, line: 'if (state.mayCampaign) state.becomePreCandidate()', changes: [['state.mayCampaign', 'true']], why: ALL_VOTE },
  {
    file: FOLLOWER,
    line: 'if (state.leaderId !== null) this.#answerHeartbeat(state.leaderId)',
    changes: [['state.leaderId !== null', 'true']],
    why: 'the deadline of a ping is set while a leader is known, and taken away with it',
  },
  {
    file: FOLLOWER,
    line: 'if (prevLogIndex >= log.baseIndex && !log.matches(prevLogIndex, prevLogTerm)) {',
    changes: [['prevLogIndex >= log.baseIndex', 'true']],
    why: 'logs begin behind index 0 as long as there are no snapshots',
  },
  {
    file: STATE,
    line: 'if (term > this.currentTerm) this.setHardState({ currentTerm: term, votedFor: null })',
    changes: [
      ['term > this.currentTerm', 'false'],
      ['{ currentTerm: term, votedFor: null }', '{}'],
    ],
    why: 'a newer term is entered before a member is made a follower in it',
  },
  {
    file: STATE,
    line: 'assert(this.votedFor === this.id,',
    changes: [['this.votedFor === this.id', 'true']],
    why: NEVER_FALSE,
  },
  {
    file: ROLE_CONTEXT,
    line: 'assert(index <= this.log.lastIndex, () => `commit of',
    changes: [['index <= this.log.lastIndex', 'true']],
    why: NEVER_FALSE,
  },
  {
    file: ROLE_CONTEXT,
    line: 'assert(hardState.currentTerm >= this.currentTerm,',
    changes: [['hardState.currentTerm >= this.currentTerm', 'true']],
    why: NEVER_FALSE,
  },
  {
    file: ROLE_CONTEXT,
    line: 'if (index > this.#knownCommitIndex) this.#knownCommitIndex = index',
    changes: [['index > this.#knownCommitIndex', 'index >= this.#knownCommitIndex']],
    why: 'the same index is stored once more',
  },
  {
    file: ROLE_CONTEXT,
    line: 'if (index <= this.#commitIndex) return',
    changes: [['index <= this.#commitIndex', 'index < this.#commitIndex']],
    why: 'the same index is stored once more',
  },
  {
    file: ROLE_CONTEXT,
    line: 'for (const id of peersOf(this.membership, this.id)) if (isVoter(this.membership, id)) this.send(id, message, after)',
    changes: [['isVoter(this.membership, id)', 'true']],
    why: ALL_VOTE,
  },
  {
    file: STATE,
    line: 'const current = entries.count > 0 && this.log.firstDifference(entries) === null',
    changes: [
      ['entries.count > 0', 'true'],
      ['entries.count > 0', 'entries.count >= 0'],
    ],
    why: 'an empty batch differs from nothing and holds no entry, so what is needed is asked for again either way',
  },
  {
    file: `${CORE}/node/reads.ts`,
    line: 'const last = this.#ticketed.at(-1)',
    changes: [['-1', '+1']],
    why: 'reads of one ticket are confirmed together, whether they are kept together or one behind the other',
  },
  {
    file: `${CORE}/node/reads.ts`,
    line: 'if (last?.ticket === ticket) for (const done of this.#new) last.done.push(done)',
    changes: [['last?.ticket === ticket', 'false']],
    why: 'reads of one ticket are confirmed together, whether they are kept together or one behind the other',
  },
  ...[
    ['await-callback.ts', "signal.addEventListener('abort', onAbort,"],
    ['waiters.ts', "signal?.addEventListener('abort', look,"],
  ].map(([file, line]) => ({
    file: `${CORE}/node/${file}`,
    line: /** @type {string} */ (line),
    changes: /** @type {const} */ ([
      ['{ once: true }', '{}'],
      ['true', 'false'],
    ]),
    why: 'a signal aborts once',
  })),
  {
    file: WINDOW,
    line: 'readonly #bits = new Uint32Array(WINDOW / 32)',
    changes: [['WINDOW / 32', 'WINDOW * 32']],
    why: 'what is more of it is never used',
  },
  {
    file: WINDOW,
    line: 'if (counter - this.#next >= WINDOW) this.#bits.fill(0)',
    changes: [
      ['counter - this.#next >= WINDOW', 'false'],
      ['counter - this.#next >= WINDOW', 'counter - this.#next > WINDOW'],
    ],
    why: 'it saves time: the loop clears every place, too',
  },
  {
    file: WINDOW,
    line: 'else for (let skipped = this.#next; skipped < counter; skipped++) this.#clear(skipped % WINDOW)',
    changes: [['skipped < counter', 'skipped <= counter']],
    why: 'the place of the counter itself is set right behind',
  },
  {
    file: `${CORE}/applying.ts`,
    line: 'if (index < entries.lastIndex) this.#fetched = entries.slice(index + 1, entries.lastIndex)',
    changes: [
      ['index < entries.lastIndex', 'true'],
      ['index < entries.lastIndex', 'index <= entries.lastIndex'],
      ['entries.slice(index + 1, entries.lastIndex)', 'entries'],
    ],
    why: 'of what was kept, only what is due is taken, and what is not there is asked for',
  },
  {
    file: `${CORE}/role/pre-candidate.ts`,
    line: 'if (now < this.electionDeadline && now >= this.#askAgainAt) {',
    changes: [['now < this.electionDeadline', 'now <= this.electionDeadline']],
    why: 'at that very moment it asks once more, and begins anew with the next tick, which is due then',
  },
  {
    file: LOG,
    line: 'const copy = new Log({ ...stored, hardState: {',
    changes: [['{ currentTerm: 0, votedFor: null }', '{}']],
    why: 'the log keeps nothing of the hard state',
  },
  {
    file: LOG,
    line: 'return bounded <= this.baseIndex ?',
    changes: [
      ['bounded <= this.baseIndex', 'false'],
      ['bounded <= this.baseIndex', 'bounded < this.baseIndex'],
    ],
    why: 'no run of terms begins at or before baseIndex, and the search gives baseIndex where it finds none',
  },
  {
    file: LOG_WINDOW,
    line: 'while (this.#batches.length > 0 && ',
    changes: [['(this.#batches.at(-1) as EntryBatch).lastIndex >= index', 'true']],
    why: 'the batch that ends right before the index is put back whole',
  },
  {
    file: LOG_WINDOW,
    line: 'if (parts.length > 0 && left <= 0) break',
    changes: [
      ['parts.length > 0 && left <= 0', 'false'],
      ['left <= 0', 'left < 0'],
    ],
    why: 'it saves cutting an entry that the limit leaves no room for: the condition below ends the loop in this case, too',
  },
  {
    file: LOG_WINDOW,
    line: 'if (batch === undefined || batch.lastIndex > lastIndex) break',
    changes: [['batch === undefined', 'false']],
    why: 'a window without batches has no bytes, so the loop has ended before',
  },
  {
    file: LOG_WINDOW,
    line: 'if (evicted > 0) this.#batches.splice(0, evicted)',
    changes: [
      ['evicted > 0', 'true'],
      ['evicted > 0', 'evicted >= 0'],
    ],
    why: 'taking no batch away changes nothing',
  },
  {
    file: TERM_RUNS,
    line: 'return this.#runs.at(-1)?.term ?? 0',
    changes: [['this.#runs.at(-1)?.term', 'this.#runs.at(-1).term']],
    why: 'it is asked for only where there are entries',
  },
  {
    file: TERM_RUNS,
    line: 'assert(run !== undefined',
    changes: [['run !== undefined', 'true']],
    why: NEVER_FALSE,
  },
  {
    file: TERM_RUNS,
    line: 'assert(last === undefined || last.term < run.term',
    changes: [['last.term < run.term', 'last.term <= run.term']],
    why: 'equal terms were dealt with in the line before',
  },
  {
    file: DRIVER,
    line: '#inbox: Event[] = []',
    changes: [['[]', '["Stryker was here"]']],
    why: 'an event that has no type changes nothing',
  },
  {
    file: DRIVER,
    line: 'this.#inbox = []',
    changes: [['[]', '["Stryker was here"]']],
    why: 'in stop, nothing takes anything out of the inbox any more',
  },
  {
    file: DRIVER,
    line: '#tickDue = false',
    changes: [['false', 'true']],
    why: EARLY_TICK,
  },
  {
    file: DRIVER,
    line: 'this.#tickDue = false',
    changes: [['false', 'true']],
    why: EARLY_TICK,
  },
  {
    file: DRIVER,
    line: 'if (this.#tickDue) {',
    changes: [['this.#tickDue', 'true']],
    why: EARLY_TICK,
  },
  {
    file: DRIVER,
    line: 'if (!this.#running) return',
    changes: [['!this.#running', 'false']],
    why: 'in receive and in #applied: a turn of a stopped driver does nothing, and no proposal waits for a result any more',
  },
  {
    file: DRIVER,
    line: "if (transition.role === 'leader') return",
    changes: [["transition.role === 'leader'", 'false']],
    why: 'a member that begins to lead has appended nothing in its term and awaits no read',
  },
  {
    file: DRIVER,
    line: 'if (this.#running) this.#owner.onFatal(',
    changes: [['this.#running', 'true']],
    why: 'a node that has stopped does not stop once more',
  },
  {
    file: BATCH,
    line: 'const runs: TermRun[] = []',
    changes: [['[]', '["Stryker was here"]']],
    why: 'in slice, the run that holds the first entry empties the list',
  },
  {
    file: BATCH,
    line: 'runs.push(run.firstIndex < from ?',
    changes: [['run.firstIndex < from', 'run.firstIndex <= from']],
    why: 'a run that begins there is made anew, and is the same',
  },
  {
    file: BATCH,
    line: 'for (let i = 0; i < count; i++) {',
    changes: [['i < count', 'i <= count']],
    why: 'in decode, no byte stands behind the last entry, and nothing is over no kind',
  },
  {
    file: BATCH,
    line: 'if (batches.length === 1) return first',
    changes: [['batches.length === 1', 'false']],
    why: 'in joined, it saves adding up what one batch says of itself',
  },
  {
    file: NODE,
    line: "return this.#phase === 'running' ? (this.#state?.role ?? 'follower')",
    changes: [['this.#state?.role', 'this.#state.role']],
    why: RUNNING_HAS_BOTH,
  },
  {
    file: NODE,
    line: "return this.#phase === 'running' ? (this.#state?.leaderId ?? null)",
    changes: [['this.#state?.leaderId', 'this.#state.leaderId']],
    why: RUNNING_HAS_BOTH,
  },
  {
    file: RECOVERY,
    line: 'if (end > 0) await this.#erase(number, end, size)',
    changes: [
      ['end > 0', 'true'],
      ['end > 0', 'end >= 0'],
    ],
    why: 'a segment without a whole write is removed right after',
  },
  {
    file: RECOVERY,
    line: 'const keepFrom = at === 0 ? 0 : this.#lastAt',
    changes: [['at === 0', 'true']],
    why: 'it saves memory: more of the file is kept in it',
  },
  {
    file: RECOVERY,
    line: 'if (!window.has(at + HEADER_BYTES)) await window.load(',
    changes: [['!window.has(at + HEADER_BYTES)', 'true']],
    why: 'it saves time: what is in the window is loaded no second time',
  },
  {
    file: RECOVERY,
    line: 'if (!window.has(end)) await window.load(keepFrom, end)',
    changes: [['!window.has(end)', 'true']],
    why: 'it saves time: what is in the window is loaded no second time',
  },
  {
    file: RECOVERY,
    line: 'if (header.sequence !== this.#sequence + 1 || header.previous !== this.#checksum) return null',
    changes: [['header.sequence !== this.#sequence + 1', 'false']],
    why: 'the checksum of the write before stands in the header, and covers its number, which is one less',
  },
  {
    file: RECOVERY,
    line: 'const isNext = header !== null && header.sequence === this.#sequence + 1 && ',
    changes: [['header.sequence === this.#sequence + 1', 'true']],
    why: 'the checksum of the write before stands in the header, and covers its number, which is one less',
  },
  {
    file: RECOVERY,
    line: 'if (error instanceof FormatError) throw this.#damaged(',
    changes: [['error instanceof FormatError', 'true']],
    why: 'only names that are not UTF-8 under checksums that fit are another error, and nothing writes those',
  },
  {
    file: RECOVERY,
    line: 'if (!isClean) this.#refuseWhatFollows(',
    changes: [['!isClean', 'true']],
    why: 'it saves time: nothing is found where there are zeros alone',
  },
  {
    file: RECOVERY,
    line: 'for (let place = at + SECTOR_BYTES; place < bytes.length; place += SECTOR_BYTES) {',
    changes: [['place < bytes.length', 'place <= bytes.length']],
    why: 'behind the end of the file no header is found',
  },
  {
    file: RECOVERY,
    line: 'if (later !== null && later.sequence > this.#sequence + 1)',
    changes: [['later.sequence > this.#sequence + 1', 'later.sequence >= this.#sequence + 1']],
    why: 'the header of the torn write stands at its own place alone, since nobody knew it before',
  },
  {
    file: RECOVERY,
    line: 'if (contents === null || identity === null || salt === null) throw',
    changes: [
      ['contents === null || identity === null || salt === null', 'false'],
      ['contents === null || identity === null || salt === null', '(contents === null || identity === null) && salt === null'],
      ['contents === null || identity === null', 'false'],
      ['contents === null || identity === null', 'contents === null && identity === null'],
      ['contents === null', 'false'],
      ['identity === null', 'false'],
      ['salt === null', 'false'],
    ],
    why: FOUND_TOGETHER,
  },
  {
    file: RECOVERY,
    line: 'if (!window.has(from + 1)) await window.load(from, from + 1)',
    changes: [['from + 1', 'from - 1']],
    why: 'as the end of what is loaded, since a window loads a MiB at least',
  },
  {
    file: `${CORE}/memory/log-storage.ts`,
    line: 'if (last.firstIndex < batch.firstIndex) this.#push(',
    changes: [['last.firstIndex < batch.firstIndex', 'last.firstIndex <= batch.firstIndex']],
    why: 'a batch without entries is found by no read',
  },
  {
    file: `${CORE}/memory/network.ts`,
    line: 'else this.#receivers.get(from)?.get(message.group)?.onUnreachable(to)',
    changes: [['this.#receivers.get(from)?.get', 'this.#receivers.get(from).get']],
    why: 'who sends has a transport of its own',
  },
  {
    file: DISPATCHER,
    line: 'if (!this.closed) this.#sendAll()',
    changes: [['!this.closed', 'true']],
    why: 'nothing waits in a client that is closed',
  },
  {
    file: DISPATCHER,
    line: 'if (this.#now < 0) this.#now = this.#options.clock.now()',
    changes: [
      ['this.#now < 0', 'true'],
      ['this.#now < 0', 'this.#now <= 0'],
    ],
    why: 'it saves time: the clock is asked once for the calls of a turn',
  },
  {
    file: DISPATCHER,
    line: 'if (this.closed) return',
    changes: [['this.closed', 'false']],
    why: 'in close: where all has been settled and closed, nothing is left to do',
  },
  {
    file: DISPATCHER,
    line: 'if (this.waiting === 0) return',
    changes: [['this.waiting === 0', 'false']],
    why: 'it saves time: of three empty queues nothing is sent',
  },
  {
    file: DISPATCHER,
    line: 'if (this.#waiting.forLeader.count > 0) this.#sendToLeader(now)',
    changes: [
      ['this.#waiting.forLeader.count > 0', 'true'],
      ['this.#waiting.forLeader.count > 0', 'this.#waiting.forLeader.count >= 0'],
    ],
    why: 'of an empty queue nothing is sent, and whenever no leader is known one is being looked for',
  },
  {
    file: DISPATCHER,
    line: "if (typeof call.route === 'string') return",
    changes: [["typeof call.route === 'string'", 'false']],
    why: 'a directed call has an address',
  },
  {
    file: DISPATCHER,
    line: 'if (this.waiting > 0) this.#scheduleFlush()',
    changes: [
      ['this.waiting > 0', 'true'],
      ['this.waiting > 0', 'this.waiting >= 0'],
    ],
    why: 'it saves a turn: where nothing waits nothing is sent',
  },
  {
    file: DISPATCHER,
    line: "this.#retry(call, 'silence', new ConnectionError(",
    changes: [['false', 'true']],
    why: 'only reads are taken from a silent member, and of a read no outcome is unknown',
  },
  {
    file: DISPATCHER,
    line: 'if (call.settled) return',
    changes: [['call.settled', 'false']],
    why: 'in #abort and #fail: what is settled is in no queue, and off its signal',
  },
  {
    file: DISPATCHER,
    line: 'if (call.deadline <= now) expired.push(call)',
    changes: [['call.deadline <= now', 'call.deadline < now']],
    why: 'such a call ends a few milliseconds later, when the deadlines are looked at again',
  },
  {
    file: DISPATCHER,
    line: 'else if (call.deadline < next) next = call.deadline',
    changes: [['call.deadline < next', 'call.deadline <= next']],
    why: 'the same time is stored once more',
  },
]
