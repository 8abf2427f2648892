import type { Variant } from './variant.js'

const DRIVER = 'packages/core/src/node/driver.ts'
const NODE = 'packages/core/src/node/node.ts'

/** Members are stopped from inside their callbacks, and their processes live on. */
const STOPS = { members: 3, character: { stopping: true } }

/** What a node does that has stopped, or tells too late. */
export const fencing: readonly Variant[] = [
  {
    name: 'a node that is stopped from inside a callback finishes its turn',
    breaks: 'what the turn has come to is written, sent and applied all the same',
    file: DRIVER,
    search: '    this.#running = false\n',
    replace: '    if (this.#draining) this.#ports.clock.defer(() => this.halt())\n    else this.#running = false\n',
    stack: 'core',
    maxSeeds: 300,
    options: STOPS,
  },
  {
    name: 'what waits to be applied is applied after the stop',
    breaks: 'entries that wait for the rest after a batch are kept when the node stops',
    file: DRIVER,
    search: '    this.#inbox = []\n    this.#nextToApply = null\n',
    replace: '    this.#inbox = []\n',
    stack: 'core',
    maxSeeds: 600,
    options: STOPS,
  },
  {
    name: 'a stop leaves its timer',
    breaks: 'the timer for the next tick is not taken back when the node stops',
    file: DRIVER,
    search: '    this.#nextToApply = null\n    this.#cancelTimer?.()\n    this.#cancelTimer = null\n',
    replace: '    this.#nextToApply = null\n',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'listeners hear of a node that onFollower has stopped',
    breaks: 'a transition is told on after the first who was told of it has stopped the node',
    file: NODE,
    search: '        this.#leadership.transition(transition)\n        if (this.#isStopped()) return\n',
    replace: '        this.#leadership.transition(transition)\n',
    stack: 'core',
    maxSeeds: 600,
    options: STOPS,
  },
  {
    name: 'onFollower is called for a node that the end of its leadership has stopped',
    breaks: 'after the signal of a leadership has aborted, it is not looked at whether the node still runs',
    file: 'packages/core/src/node/leadership-callbacks.ts',
    search: 'if (this.#hasStopped || role',
    replace: 'if (role',
    stack: 'core',
    maxSeeds: 300,
    options: { character: { stopping: true } },
  },
  {
    name: 'who stops leads on',
    breaks: 'the signal of a leadership does not abort when its node stops',
    file: NODE,
    search: '    this.#leadership.stop()\n',
    replace: '',
    stack: 'core',
    maxSeeds: 300,
  },
  {
    name: 'clients hear of a lost leadership before its signal aborts',
    breaks: 'proposals are failed first, and then it is told that the member leads no more',
    file: DRIVER,
    search: '    this.#owner.onTransition(transition)\n    if (transition.role',
    replace: `    if (transition.role !== 'leader')
      this.#proposals.failAppended(this.#state.lastApplied, () => new OutcomeUnknownError('this member lost the leadership'))
    this.#owner.onTransition(transition)
    if (transition.role`,
    stack: 'core',
    maxSeeds: 300,
  },
]
