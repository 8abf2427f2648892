import { describe, expect, it } from 'vitest'
import type { Clock, Leadership, Message, Node, NodeOptions, StateMachine, Transport } from '../../src/index.js'
import { MemoryNetwork } from '../../src/memory/index.js'
import { Counter, command, type FaultyStorage, World } from '../support/world.js'

interface Leading {
  readonly world: World
  /** From now on the members do not hear each other. */
  readonly mute: () => void
  readonly leader: Node<number>
  readonly signal: AbortSignal
  /** Another member sends the leader this. */
  readonly hear: (message: Message) => void
}

/** Called before each message of the members of `leading`. */
let stopAtSend: (from: string, to: string) => void = () => {}

/** A leader of three. */
async function leading(options: Partial<NodeOptions<number>> = {}): Promise<Leading> {
  const world = new World()
  const network = new MemoryNetwork(world.clock)
  const transports = new Map<string, Transport>()
  const led = new Map<string, Leadership>()
  let isMute = false
  for (const id of ['a', 'b', 'c']) {
    const transport = network.transport(id)
    transports.set(id, transport)
    const send: Transport['send'] = (to, message) => {
      stopAtSend(id, to)
      if (!isMute) transport.send(to, message)
    }
    world.add(id, { onLeader: (leadership) => led.set(id, leadership), ...options, transport: { ...transport, send } })
  }
  const leader = await world.start()
  const [other] = world.followers(leader)
  return {
    world,
    mute: () => {
      isMute = true
    },
    leader,
    signal: (led.get(leader.id) as Leadership).signal,
    hear: (message) => transports.get(other?.id as string)?.send(leader.id, message),
  }
}

/** The same clock, and the timers that are set on it. */
function countedClock(inner: Clock): { readonly clock: Clock; readonly timers: ReadonlySet<object> } {
  const timers = new Set<object>()
  const clock: Clock = {
    now: () => inner.now(),
    defer: (callback) => inner.defer(callback),
    schedule: (time, callback) => {
      const timer = {}
      timers.add(timer)
      const cancel = inner.schedule(time, () => {
        timers.delete(timer)
        callback()
      })
      return () => {
        timers.delete(timer)
        cancel()
      }
    },
  }
  return { clock, timers }
}

/** The counter, one entry at a time. */
function oneAtATime(counter: Counter, onApply: () => void = () => {}): StateMachine<number> {
  return {
    get lastApplied() {
      return counter.lastApplied
    },
    apply: (entries) => {
      onApply()
      return counter.apply(entries.slice(entries.firstIndex, entries.firstIndex))
    },
  }
}

const heartbeat = (term: number): Message => ({ type: 'heartbeat', group: 0, term, leaderCommit: 0, round: 1 })

describe('the signal of a leadership has aborted', () => {
  it('before anybody who waits hears that the leadership is lost', async () => {
    const { world, mute, leader, signal, hear } = await leading()
    const heard: [string | undefined, boolean][] = []
    leader.submit(command(1), (error) => heard.push([error?.code, signal.aborted]))
    leader.submitRead((error) => heard.push([error?.code, signal.aborted]))
    mute()
    await world.clock.settle()
    hear(heartbeat(leader.currentTerm + 1))
    // In the turn in which the leader learns of the newer term, too.
    leader.submit(command(2), (error) => heard.push([error?.code, signal.aborted]))
    await world.clock.settle()
    expect(heard).toEqual([
      ['RAFT_OUTCOME_UNKNOWN', true],
      ['RAFT_NOT_LEADER', true],
      ['RAFT_NOT_LEADER', true],
    ])
  })

  it('before anybody who waits hears that the node has stopped', async () => {
    const { leader, signal } = await leading()
    const heard: boolean[] = []
    leader.submit(command(1), () => heard.push(signal.aborted))
    leader.submitRead(() => heard.push(signal.aborted))
    await leader.stop()
    expect(heard).toEqual([true, true])
  })
})

describe('a node that is stopped', () => {
  it('by who listens to the signal of its leadership tells nothing more', async () => {
    const told: string[] = []
    const { world, leader, signal, hear } = await leading({ onFollower: () => told.push('onFollower') })
    leader.on('transition', ({ role }) => told.push(role))
    signal.addEventListener('abort', () => void leader.stop())
    told.length = 0
    hear(heartbeat(leader.currentTerm + 1))
    await world.clock.settle()
    expect(told).toEqual([])
  })

  it('from inside onFollower tells nothing more', async () => {
    let stop = () => {}
    const { world, leader, hear } = await leading({ onFollower: () => stop() })
    const told: string[] = []
    leader.on('transition', ({ role }) => told.push(role))
    stop = () => void leader.stop()
    hear(heartbeat(leader.currentTerm + 1))
    await world.clock.settle()
    expect(told).toEqual([])
  })

  it('when it has told the first of several transitions tells no others', async () => {
    const { world, leader, hear } = await leading()
    const told: (string | null)[] = []
    leader.on('transition', ({ leaderId }) => {
      told.push(leaderId)
      void leader.stop()
    })
    hear(heartbeat(leader.currentTerm + 1))
    await world.clock.settle()
    expect(told).toEqual([null])
  })

  it('by the first of those whose reads and proposals fail has nothing waiting', async () => {
    const { world, mute, leader, hear } = await leading()
    mute()
    const waiting: unknown[] = []
    const ended = () => {
      void leader.stop()
      const { pendingReads, pendingProposals, pendingProposalBytes } = leader.status()
      waiting.push([pendingReads, pendingProposals, pendingProposalBytes])
    }
    for (let turn = 0; turn < 3; turn++) {
      leader.submitRead(ended)
      leader.submit(command(1), ended)
      await world.clock.settle()
    }
    hear(heartbeat(leader.currentTerm + 1))
    await world.clock.settle()
    expect(waiting).toEqual(Array.from({ length: 6 }, () => [0, 0, 0]))
  })

  it('while its state machine rests between two batches leaves no timer', async () => {
    const world = new World(['a'])
    const { clock, timers } = countedClock(world.clock)
    let applied = 0
    const stateMachine = oneAtATime(new Counter(), () => {
      applied += 1
    })
    const node = world.add('a', { clock, stateMachine })
    await world.start()
    for (let i = 0; i < 3; i++) node.submit(command(1), () => {})
    // One of the three was applied, and the timer that ends the rest behind it has not come.
    const before = applied
    await world.clock.settle()
    expect(applied).toBe(before + 1)
    await node.stop()
    expect(timers.size).toBe(0)
  })

  it('from inside onApplied, while there is more to apply, leaves no timer', async () => {
    const world = new World(['a'])
    const { clock, timers } = countedClock(world.clock)
    let onApplied = () => {}
    const node = world.add('a', { clock, stateMachine: oneAtATime(new Counter()), onApplied: () => onApplied() })
    await world.start()
    onApplied = () => void node.stop()
    for (let i = 0; i < 3; i++) node.submit(command(1), () => {})
    await world.clock.settle()
    expect(node.status().role).toBe('follower')
    expect(timers.size).toBe(0)
  })

  it('from inside setMembers, before it has begun, leaves no timer and writes nothing', async () => {
    const world = new World(['a'])
    const { clock, timers } = countedClock(world.clock)
    const transport: Transport = {
      ...world.network.transport('a'),
      setMembers: () => node.fail(new Error('no such member')),
    }
    const node: Node<number> = world.add('a', { clock, transport })
    await node.start()
    await world.clock.settle()
    expect(timers.size).toBe(0)
    expect(world.storages.get('a')?.writes).toBe(0)
  })

  it('from inside the sending of a message sends no other', async () => {
    const { world, leader } = await leading()
    const sent: string[] = []
    const followers = world.followers(leader).map(({ id }) => id)
    stopAtSend = (from, to) => {
      if (from !== leader.id) return
      sent.push(to)
      void leader.stop()
    }
    leader.submit(command(1), () => {})
    await world.clock.settle()
    stopAtSend = () => {}
    expect(sent).toHaveLength(1)
    expect(followers).toContain(sent[0])
  })

  it('hears of no write that completes later', async () => {
    const told: number[] = []
    const world = new World(['a'])
    const node = world.add('a', { onWritten: (took) => told.push(took) })
    await world.start()
    const storage = world.storages.get('a') as FaultyStorage
    storage.held = []
    node.submit(command(1), () => {})
    await world.clock.settle()
    const before = told.length
    expect(storage.held).toHaveLength(1)
    void node.stop()
    for (const finish of storage.held) finish()
    await world.clock.settle()
    expect(told).toHaveLength(before)
  })

  it('sends nothing more and closes its storage, though its transport cannot let go', async () => {
    const world = new World(['a', 'b', 'c'])
    const { clock, timers } = countedClock(world.clock)
    const inner = world.network.transport('a')
    const sent: Message[] = []
    const transport: Transport = {
      ...inner,
      send: (_to, message) => void sent.push(message),
      detach: () => {
        throw new Error('the socket is gone')
      },
    }
    const node = world.add('a', { clock, transport })
    const closed: string[] = []
    const storage = world.storages.get('a') as FaultyStorage
    const close = storage.close.bind(storage)
    storage.close = () => {
      closed.push('a')
      return close()
    }
    await node.start()
    const failed: (string | undefined)[] = []
    node.submitRead((error) => failed.push(error?.code))
    await expect(node.stop()).rejects.toThrow('the socket is gone')
    const before = sent.length
    await world.clock.advance(5000)
    expect([sent.length - before, timers.size, closed, failed]).toEqual([0, 0, ['a'], ['RAFT_STOPPED']])
    world.nodes.delete('a')
  })
})
