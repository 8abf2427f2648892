import type { Variant } from './variant.js'

const DISPATCHER = 'packages/client/src/dispatcher.ts'
const VERDICT = 'packages/client/src/verdict.ts'
const CALL = 'packages/client/src/call.ts'
const LINK = 'packages/client/src/link.ts'
const SILENCE = 'packages/client/src/silence-watch.ts'

/** What callers are told, and what is sent twice. */
export const client: readonly Variant[] = [
  {
    name: 'a write is sent again when its connection is lost',
    breaks: 'nobody knows whether the first took effect, and it may do so twice',
    file: DISPATCHER,
    search: 'if (call.isWrite && !call.idempotent) this.#fail(call, new OutcomeUnknownError(error.message, { cause: error }))',
    replace: 'if (call.settled) this.#fail(call, new OutcomeUnknownError(error.message, { cause: error }))',
    stack: 'server',
    maxSeeds: 200,
  },
  {
    name: 'a write is sent again when its outcome is unknown',
    breaks: 'a member that says that it does not know is asked again',
    file: VERDICT,
    search: 'if (call.isWrite && !call.idempotent) return',
    replace: 'if (call.settled) return',
    stack: 'server',
    maxSeeds: 400,
  },
  {
    name: 'an unknown outcome is called certain',
    breaks: 'what was sent and not answered in time is called not done',
    file: CALL,
    search: 'return this.isWrite && (this.link !== null || this.tainted)',
    replace: 'return this.isWrite && this.tainted',
    stack: 'server',
    maxSeeds: 200,
  },
  {
    name: 'a lost write is called not done',
    breaks: 'what was under way when the connection was lost is told as an error of certain outcome',
    file: DISPATCHER,
    search: 'this.#fail(call, new OutcomeUnknownError(error.message, { cause: error }))\n      else',
    replace: 'this.#fail(call, error)\n      else',
    stack: 'server',
    maxSeeds: 200,
  },
  {
    name: 'an answer goes to the wrong call',
    breaks: 'answers are taken to come in the order of the requests',
    file: LINK,
    search: '    const call = this.inFlight.get(id) ?? this.#left.get(id)\n',
    replace: '    const call = this.inFlight.values().next().value\n    id = call?.id ?? id\n',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'ids of requests are given twice',
    breaks: 'a new request may have the id of one that is under way',
    file: LINK,
    search: '} while (this.inFlight.get(this.#nextId) !== undefined || this.#left.get(this.#nextId) !== undefined)',
    replace: '  if (this.#nextId > 3) this.#nextId = 1\n    } while (this.#nextId > MAX_ID)',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'a silent member is asked for ever',
    breaks: 'a member that hangs with its connection open is trusted to answer in the end',
    file: SILENCE,
    search: 'if (ticks < TICKS_TO_DISTRUST) return',
    replace: 'if (ticks < Number.MAX_SAFE_INTEGER) return',
    stack: 'server',
    maxSeeds: 200,
  },
]
