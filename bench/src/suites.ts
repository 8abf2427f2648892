import type { Suite } from './suite.js'

/** All that can be measured, in the order of `pnpm bench all`. */
export const suites: readonly Suite[] = []
