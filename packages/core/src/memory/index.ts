export { MemoryLogStorage } from './log-storage.js'
export { MemoryNetwork } from './network.js'
