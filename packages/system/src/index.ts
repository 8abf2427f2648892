export { nodeClock, nodeRandom } from './clock.js'
export { clearTimeout, nextTick, now, queueMicrotask, setImmediate, setTimeout } from './environment.js'
export { formatHostPort, type HostPort, parseHostPort } from './host-port.js'
