import type { Connector } from '@raft/client'
import type { Clock } from '@raft/core'
import type { EndPart } from './running-parts.js'

/** What a member takes from its surroundings. `createNode` takes it from Node.js; a simulator brings its own. */
export interface Environment {
  readonly clock: Clock
  /** How the client ports of other members are reached. */
  readonly connector: Connector
}

/** Where clients come in. Its parts run in the environment: on TCP, or on streams of a simulator. */
export interface Entrance {
  /** Clients can come from now on. @throws where the address cannot be used */
  open(): Promise<void> | void
  /** Takes nothing new, and waits for what is under way to be answered, for `patience` at most. */
  readonly finish: EndPart
  /** Ends every connection. Clients may take `patience`, counted from `finish`, to read their last answers. */
  readonly close: EndPart
}
