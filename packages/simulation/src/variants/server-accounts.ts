import type { Variant } from './variant.js'

const CALL_QUEUE = 'packages/client/src/call-queue.ts'
const DISPATCHER = 'packages/client/src/dispatcher.ts'
const PROTOCOL_CONNECTION = 'apps/node/src/endpoint/protocol-connection.ts'
const READ_REQUEST = 'apps/node/src/endpoint/read-request.ts'
const LEADER_ACCESS = 'apps/node/src/routing/leader-access.ts'
const MEMBER_CONNECTION = 'apps/node/src/routing/member-connection.ts'

/** What clients and members count as held, queued and under way, and what they forget to give back. */
export const serverAccounts: readonly Variant[] = [
  {
    name: 'bytes of calls that end while they wait are kept',
    breaks: 'a call that ends before it was sent leaves its bytes in the count of what waits',
    file: CALL_QUEUE,
    search: '    this.bytes -= call.body.length\n    const settled',
    replace: '    const settled',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'what was taken back from a silent member is remembered',
    breaks: 'when a call has its answer, the members that it was taken back from are not told to forget it',
    file: DISPATCHER,
    search: 'if (call.left !== null) for (const link of call.left.keys()) link.forget(call)',
    replace: 'if (call.left !== null) call.left.clear()',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'the signal of a call that waits is listened to for ever',
    breaks: 'a call that ends before it was sent does not let go of the signal of its caller',
    file: DISPATCHER,
    search: '    call.settled = true\n    if (call.left',
    replace: '    call.settled = true\n    if (call.link === null) call.release = null\n    if (call.left',
    stack: 'server',
    maxSeeds: 320,
  },
  {
    name: 'a call that is answered after all waits on',
    breaks: 'the late answer of a silent member ends a call that waits elsewhere, and its place in the queue is kept',
    file: DISPATCHER,
    search: '      this.#take(call)\n      call.link = link\n',
    replace: '      call.link = link\n',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'bytes of refused writes are kept',
    breaks: 'a member gives the bytes of a write back only if the write succeeds',
    file: PROTOCOL_CONNECTION,
    search: '      this.#account.release(bytes)\n      if (error === null)',
    replace: '      if (error === null) this.#account.release(bytes)\n      if (error === null)',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'one failure for all reads',
    breaks: 'when the reads of a chunk cannot be confirmed, only the first of them is refused',
    file: READ_REQUEST,
    search: 'else for (const fail of failures) fail(error)',
    replace: 'else failures[0]?.(error)',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'bytes of requests that find no leader are kept',
    breaks: 'a request gives its bytes back only if it ends elsewhere than in the queue for a leader',
    file: LEADER_ACCESS,
    search: 'if (isFirst) this.#options.account.release(operation.task.bytes)',
    replace: "if (isFirst && operation.place !== 'waiting') this.#options.account.release(operation.task.bytes)",
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'bytes of requests that nobody waits for are kept',
    breaks: 'the answer to a request that was taken back does not give back the room of the request on its connection',
    file: MEMBER_CONNECTION,
    search: '    this.#sentBytes -= sent.bytes\n',
    replace: '    if (sent.done !== null) this.#sentBytes -= sent.bytes\n',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'bytes of requests that never left are kept',
    breaks: 'a request that is taken back before it has left stays in the count of what waits for the connection',
    file: MEMBER_CONNECTION,
    search: '  cancel(id: number): boolean {\n    this.#takeUnsent(id)\n',
    replace: '  cancel(id: number): boolean {\n    this.#unsent.delete(id)\n',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'signs of life are owed for ever',
    breaks: 'the answer to a question for a sign of life is not counted as an answer',
    file: MEMBER_CONNECTION,
    search:
      '    this.#silence.answered()\n    const sent = this.#sent.get(id)\n    // Unknown: it was a sign of life.\n    if (sent === undefined) return\n',
    replace:
      '    const sent = this.#sent.get(id)\n    // Unknown: it was a sign of life.\n    if (sent === undefined) return\n    this.#silence.answered()\n',
    stack: 'server',
    maxSeeds: 250,
  },
  {
    name: 'what is taken back from a silent member counts as under way',
    breaks: 'a call that is taken back from a silent member keeps its place among those under way',
    file: DISPATCHER,
    search: '        link.withdraw(call)\n        this.#unsend(call)\n',
    replace: '        link.withdraw(call)\n',
    stack: 'server',
    maxSeeds: 100,
  },
  {
    name: 'bytes of reads are counted as under way for ever',
    breaks: 'only writes give back the bytes that they take while they are under way',
    file: DISPATCHER,
    search: '    this.pending -= 1\n    this.pendingBytes -= call.body.length\n',
    replace: '    this.pending -= 1\n    if (call.isWrite) this.pendingBytes -= call.body.length\n',
    stack: 'server',
    maxSeeds: 100,
  },
]
