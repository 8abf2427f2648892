export { nodeClock, nodeRandom } from './clock.js'
export { clearTimeout, nextTick, now, queueMicrotask, setImmediate, setTimeout } from './environment.js'
