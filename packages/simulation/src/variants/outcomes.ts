import type { Variant } from './variant.js'

const LEADER_ACCESS = 'apps/node/src/routing/leader-access.ts'
const OPERATION = 'apps/node/src/routing/operation.ts'
const MEMBER_CONNECTION = 'apps/node/src/routing/member-connection.ts'
const CALL = 'packages/client/src/call.ts'
const DISPATCHER = 'packages/client/src/dispatcher.ts'
const DEADLINES = 'packages/client/src/deadlines.ts'
const READ_REQUEST = 'apps/node/src/endpoint/read-request.ts'
const KEY_VALUE_SERVICE = 'apps/node/src/store/key-value-service.ts'
const LINK = 'packages/client/src/link.ts'

/** In such runs, half of the seeds have calls that may be sent again. */
const REPEATED = { character: { handovers: true } }

/** What callers are told after several attempts, by when they are told it, and what reads are answered from. */
export const outcomes: readonly Variant[] = [
  {
    name: 'a member that stops calls all of its requests not done',
    breaks: 'what was sent to the leader, or is being carried out, counts as refused when the member stops',
    file: LEADER_ACCESS,
    search: "this.#mayHaveTakenEffect(operation) ? new OutcomeUnknownError('this member stopped') : ended",
    replace: "operation.task.isWrite && !operation.isUnderWay ? new OutcomeUnknownError('this member stopped') : ended",
    stack: 'server',
    maxSeeds: 200,
  },
  {
    name: 'a write that is being carried out here expires as not done',
    breaks: 'only requests that were sent to another member count as under way when their time is over',
    file: LEADER_ACCESS,
    search: "const hasLeft = place === 'here' || place.connection.cancel(place.request)",
    replace: "const hasLeft = place !== 'here' && place.connection.cancel(place.request)",
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'a forwarded write of unknown outcome is tried again',
    breaks: 'the leader says that it does not know what became of a forwarded write, and the write is sent once more',
    file: OPERATION,
    search: "if (retriable && (!task.isWrite || error.outcome === 'notAppended'))",
    replace: 'if (retriable)',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'requests of a lost connection count as never sent',
    breaks: 'when the connection to the leader ends, what was sent over it is tried again like what was not',
    file: MEMBER_CONNECTION,
    search: "for (const { done } of sent) done?.({ type: 'lost' })",
    replace: "for (const { done } of sent) done?.({ type: 'notSent' })",
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'a write that a leader lost with its leadership is tried again',
    breaks: 'a member that was the leader gives the next leader what it had appended itself',
    file: LEADER_ACCESS,
    search: 'else if (error instanceof NotLeaderError) this.#waitAndRetry(operation)',
    replace: 'else if (error instanceof NotLeaderError || error instanceof OutcomeUnknownError) this.#waitAndRetry(operation)',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'a call that waits counts as never sent',
    breaks: 'a call whose time is over while it waits for its next attempt is called not done, whatever became of earlier attempts',
    file: CALL,
    search: 'return this.isWrite && (this.link !== null || this.tainted)',
    replace: 'return this.isWrite && this.link !== null',
    stack: 'server',
    maxSeeds: 100,
    options: REPEATED,
  },
  {
    name: 'a refused attempt clears the doubt about an earlier one',
    breaks: 'whether a call may have taken effect is decided by its last attempt alone',
    file: DISPATCHER,
    search: 'if (wasUnknown && call.isWrite) call.tainted = true',
    replace: 'if (call.isWrite) call.tainted = wasUnknown',
    stack: 'server',
    maxSeeds: 240,
    options: REPEATED,
  },
  {
    name: 'an attempt that was lost with its connection leaves no doubt',
    breaks: 'a call that may be sent again counts as never sent when its connection is lost',
    file: DISPATCHER,
    search: "else this.#retry(call, 'connection', error, true)",
    replace: "else this.#retry(call, 'connection', error, false)",
    stack: 'server',
    maxSeeds: 100,
    options: REPEATED,
  },
  {
    name: 'an answer of unknown outcome leaves no doubt',
    breaks: 'a member says that it does not know, and a call that may be sent again counts as never sent',
    file: DISPATCHER,
    search: "this.#retry(call, verdict.retry, verdict.reason, response.outcome === 'unknown')",
    replace: 'this.#retry(call, verdict.retry, verdict.reason, false)',
    stack: 'server',
    maxSeeds: 240,
    options: REPEATED,
  },
  {
    name: 'a call is not ended at its deadline',
    breaks: 'only calls that wait are ended; an answer that was due is awaited for ever',
    file: DISPATCHER,
    search: 'if (call.deadline <= now) expired.push(call)',
    replace: 'if (call.deadline <= now && call.link === null) expired.push(call)',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'deadlines are looked at once',
    breaks: 'when the first deadline has passed, no timer is set for the next',
    file: DISPATCHER,
    search: 'else if (call.deadline < next) next = call.deadline',
    replace: 'else if (call.deadline < next && call.deadline === now) next = call.deadline',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'a short deadline waits for a long one',
    breaks: 'a deadline that is earlier than all others does not set the timer anew',
    file: DEADLINES,
    search: 'if (deadline < this.#at) this.#set(deadline)',
    replace: 'if (this.#cancel === null) this.#set(deadline)',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'forwarded requests are not ended at their deadline',
    breaks: 'deadlines are looked at again only while some request waits for a leader',
    file: LEADER_ACCESS,
    search: 'if (this.#operations.size > 0) this.#armSweep()',
    replace: 'if (this.#waiting.length > 0) this.#armSweep()',
    stack: 'server',
    maxSeeds: 220,
  },
  {
    name: 'reads that wait are answered when the leadership is lost',
    breaks: 'the reads of a chunk that a former leader cannot confirm are answered from what it has',
    file: READ_REQUEST,
    search: '      if (error === null) for (const read of reads) read()',
    replace: "      if (error === null || error.code === 'RAFT_NOT_LEADER') for (const read of reads) read()",
    stack: 'server',
    maxSeeds: 100,
    options: REPEATED,
  },
  {
    name: 'what is read is taken before it is confirmed',
    breaks: 'the store is read when a read comes, and answered when the read is confirmed',
    file: KEY_VALUE_SERVICE,
    search:
      '      local: (done) =>\n        this.#node.submitRead((error) => {\n          if (error !== null) done(error, undefined)\n          else done(null, () => attempt(local))\n        }),',
    replace:
      '      local: (done) => {\n        const early = attempt(local)\n        this.#node.submitRead((error) => {\n          if (error !== null) done(error, undefined)\n          else done(null, () => early)\n        })\n      },',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'a member that was silent once is never trusted again',
    breaks: 'what a member sends at last does not end the distrust in it',
    file: LINK,
    search: '    const wasSilent = this.silent\n    this.silent = false\n',
    replace: '    const wasSilent = this.silent\n',
    stack: 'server',
    maxSeeds: 100,
  },
]
