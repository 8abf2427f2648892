import type { Variant } from './variant.js'

const ERRORS = 'apps/node/src/endpoint/error-response.ts'
const RESULTS = 'packages/commands/src/result-codec.ts'
const ENDPOINT = 'packages/client/src/protocol/server-endpoint.ts'
const DECODER = 'packages/client/src/protocol/frame-decoder.ts'
const REQUEST = 'packages/client/src/protocol/request.ts'

/** What members answer to clients, and how it travels. */
export const server: readonly Variant[] = [
  {
    name: 'linearizable reads are local ones',
    breaks: 'a read that was to be linearizable is answered from whatever the member has applied',
    file: REQUEST,
    search: '  return consistency\n',
    replace: "  return consistency === 'linearizable' ? 'local' : consistency\n",
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'an unknown outcome is answered as a refusal',
    breaks: 'a member that lost the leadership calls what it has appended certainly not appended',
    file: ERRORS,
    search: "outcome: error instanceof OutcomeUnknownError ? 'unknown' : 'notAppended'",
    replace: "outcome: error instanceof OutcomeUnknownError && error.message === '' ? 'unknown' : 'notAppended'",
    stack: 'server',
    maxSeeds: 400,
  },
  {
    name: 'a write that failed its condition is answered as done',
    breaks: 'the answer to a compare-and-set is always yes',
    file: RESULTS,
    search: 'writer.flag(result.succeeded)\n      writer.u64(result.modRevision)',
    replace: 'writer.flag(true)\n      writer.u64(result.modRevision)',
    stack: 'server',
    maxSeeds: 50,
  },
  {
    name: 'a transaction answers the other way round',
    breaks: 'whether the conditions of a transaction held is told wrongly',
    file: RESULTS,
    search: 'writer.flag(result.succeeded)\n      writer.u32(result.results.length)',
    replace: 'writer.flag(!result.succeeded)\n      writer.u32(result.results.length)',
    stack: 'server',
    maxSeeds: 50,
  },
  {
    name: 'an answer has the id of another request',
    breaks: 'a member answers under the id of the request before',
    file: ENDPOINT,
    search: 'writeResponse(this.#encoder, id, kind, body)',
    replace: 'writeResponse(this.#encoder, kind === ResponseKind.Get ? Math.max(1, id - 1) : id, kind, body)',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'a frame that comes in two chunks is cut',
    breaks: 'what is gathered of a frame begins anew with every chunk',
    file: DECODER,
    search: 'this.#gathered.set(chunk.subarray(at, at + take), this.#count)',
    replace: 'this.#gathered.set(chunk.subarray(at, at + take), 0)',
    stack: 'server',
    maxSeeds: 200,
  },
  {
    name: 'the length of a frame that comes in two chunks is wrong',
    breaks: 'bytes of the length that came before are forgotten',
    file: DECODER,
    search: '      this.#headCount = 0\n',
    replace: '      this.#headCount = 1\n',
    stack: 'server',
    maxSeeds: 800,
  },
]
