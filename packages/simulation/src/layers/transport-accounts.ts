import type { Clock } from '@raft/core'
import type { World } from '@raft/simulator'
import type { UdpTransport } from '@raft/udp-transport'

/** Of so many turns of a transport, one is looked at: each look walks over everything that is in flight. */
const EVERY = 8

/** An oracle: what a transport says that it holds is what it holds, at the end of its turns, and is nothing at the end of a run. */
export class TransportAccounts {
  readonly #world: World
  /** The transports whose processes run, by member. */
  readonly #running = new Map<string, { readonly transport: UdpTransport; readonly isAlive: () => boolean }>()

  constructor(world: World) {
    this.#world = world
  }

  /** The same clock, which has the transport looked at after its turns. */
  clock(id: string, clock: Clock): Clock {
    let turns = 0
    return {
      now: () => clock.now(),
      schedule: (time, callback) => clock.schedule(time, callback),
      defer: (callback) =>
        clock.defer(() => {
          callback()
          turns += 1
          if (turns % EVERY === 0) this.#check(id)
        }),
    }
  }

  watch(id: string, transport: UdpTransport, isAlive: () => boolean): void {
    this.#running.set(id, { transport, isAlive })
  }

  /** Nothing was asked of these members for a while, and all that they were asked before has reached all of them. */
  rest(members: readonly string[]): void {
    for (const [id, { transport, isAlive }] of this.#running) {
      if (!isAlive() || !members.includes(id)) continue
      this.#check(id)
      for (const { name, there, isZeroAtRest, peer } of transport.heldSums())
        if (isZeroAtRest && there !== 0 && peer !== null && members.includes(peer))
          this.#broken(id, `holds ${there} ${name} with ${peer}, though it is at rest`)
    }
  }

  #check(id: string): void {
    for (const { name, kept, there, peer } of this.#running.get(id)?.transport.heldSums() ?? [])
      if (kept !== there) this.#broken(id, `counts ${kept} ${name} with ${peer ?? 'all'}, where there are ${there}`)
  }

  #broken(id: string, what: string): void {
    this.#world.violated('a transport holds what it counts', `that of ${id} ${what}`)
  }
}
