import type { Variant } from './variant.js'

const DISPATCHER = 'packages/client/src/dispatcher.ts'
const DEADLINES = 'packages/client/src/deadlines.ts'
const LEADER_ACCESS = 'apps/node/src/routing/leader-access.ts'
const KEY_VALUE_SERVICE = 'apps/node/src/store/key-value-service.ts'

/** In such runs, half of the seeds have calls that may be sent again. */
const REPEATED = { character: { handovers: true } }

/** What callers are told after several attempts, by when they are told it, and what reads are answered from. */
export const outcomes: readonly Variant[] = [
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
]
