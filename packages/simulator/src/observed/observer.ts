import type { Facts } from '../facts/facts.js'
import type { Oracles, Speaker } from '../oracles/oracle.js'
import type { Incarnation } from '../world/host.js'

/** Whose ports are watched, and who is told. */
export interface Observer {
  readonly id: string
  readonly facts: Facts
  readonly oracles: Oracles
  readonly incarnation: Incarnation
  /** The node behind the ports. */
  readonly speaker: () => Speaker
}
