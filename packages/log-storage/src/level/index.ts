export { LevelLogStorage, type LevelLogStorageOptions } from './level-log-storage.js'
