import { codec } from './parts/codec.js'
import { core } from './parts/core.js'
import { logStorage } from './parts/log-storage.js'
import { stateMachine } from './parts/state-machine.js'
import { transport } from './parts/transport.js'
import type { Suite } from './suite.js'

/** The parts that can be measured alone, in the order of `pnpm bench all`. */
export const suites: readonly Suite[] = [core, logStorage, transport, codec, stateMachine]
