import type { Variant } from './variant.js'

const PROGRESS = 'packages/core/src/progress.ts'
const PROPOSALS = 'packages/core/src/node/proposals.ts'
const READS = 'packages/core/src/node/reads.ts'

/** A sum that is not the sum of what is there, or a time that is not the time of what it stands for. */
export const accounts: readonly Variant[] = [
  {
    name: 'whatever is sent puts off what is sent again',
    breaks: 'each message to a follower sets anew when those before it count as lost',
    file: PROGRESS,
    search: 'if (this.#inflight.length === 0) this.resendAt = now + this.#patience',
    replace: 'this.resendAt = now + this.#patience',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'a leader doubts what was acknowledged',
    breaks: 'when everything that was sent is acknowledged, the time at which it would count as lost stays',
    file: PROGRESS,
    search: 'this.resendAt = this.#inflight.length === 0 ? Number.POSITIVE_INFINITY : now + this.#patience\n    return news',
    replace: 'this.resendAt = now + this.#patience\n    return news',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'an acknowledgement of several messages frees the bytes of one',
    breaks: 'of the messages that an acknowledgement ends, the bytes of the first alone are taken off the window',
    file: PROGRESS,
    search: '      this.#inflightBytes -= (this.#inflight[freed] as Inflight).bytes\n',
    replace: '      if (freed === 0) this.#inflightBytes -= (this.#inflight[freed] as Inflight).bytes\n',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'a message takes a byte more of the window than it frees',
    breaks: 'the bytes in flight to a follower grow with each message',
    file: PROGRESS,
    search: '    this.#inflightBytes += bytes\n',
    replace: '    this.#inflightBytes += bytes + 1\n',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'a window that begins anew keeps its bytes',
    breaks: 'what counts as lost is not taken off the bytes in flight',
    file: PROGRESS,
    search: '    this.#inflight = []\n    this.#inflightBytes = 0\n',
    replace: '    this.#inflight = []\n',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'the bytes of a lost proposal stay',
    breaks: 'of proposals that are failed one at a time, the bytes are not taken off the sum',
    file: PROPOSALS,
    search: '    for (const command of commands) this.#bytes -= command.length\n',
    replace: '    if (done.length > 1) for (const command of commands) this.#bytes -= command.length\n',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'of reads that are failed together one is taken off the count',
    breaks: 'the others count as waiting for ever',
    file: READS,
    search: '    this.#count -= done.length\n    for (const one of done) one(error(), 0)',
    replace: '    this.#count -= Math.min(1, done.length)\n    for (const one of done) one(error(), 0)',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'tickets for reads outlive the leadership',
    breaks: 'a leader that was elected again goes on with the reads that were to be confirmed when it stepped down, though all have failed',
    file: 'packages/core/src/state.ts',
    search: 'new Leader(this, this.log.lastIndex + 1, new ReadIndex())',
    replace: 'new Leader(this, this.log.lastIndex + 1, ((this as { kept?: ReadIndex }).kept ??= new ReadIndex()))',
    stack: 'core',
    maxSeeds: 300,
    options: { members: 3, character: { handovers: true } },
  },
]
