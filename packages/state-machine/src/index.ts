export type { Digest } from './digest.js'
export { KeyValueStore } from './key-value-store.js'
