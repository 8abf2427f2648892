import { afterEach } from 'vitest'
import {
  type Clock,
  type EntryBatch,
  EntryKind,
  type LogStorage,
  type LogWrite,
  type Message,
  Node,
  type NodeOptions,
  type StateMachine,
} from '../../src/index.js'
import { MemoryLogStorage, MemoryNetwork } from '../../src/memory/index.js'

/** Time that goes by only when the test says so. */
class ManualClock implements Clock {
  time = 0
  #timers: { readonly time: number; readonly callback: () => void }[] = []
  readonly #deferred: (() => void)[] = []

  now(): number {
    return this.time
  }

  schedule(time: number, callback: () => void): () => void {
    const timer = { time, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer)
    }
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback)
  }

  /** Everything that is to happen at this moment happens, promises included. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < 2; idle++) {
      await new Promise(setImmediate)
      for (const callback of this.#deferred.splice(0)) {
        callback()
        idle = 0
      }
    }
  }

  async advance(ms: number): Promise<void> {
    const end = this.time + ms
    await this.settle()
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.time - b.time)[0]
      if (next === undefined || next.time > end) break
      this.#timers = this.#timers.filter((one) => one !== next)
      this.time = Math.max(this.time, next.time)
      next.callback()
      await this.settle()
    }
    this.time = end
  }
}

/** Adds up the first bytes of all commands; can be told to be slow, or to fail. */
export class Counter implements StateMachine<number> {
  lastApplied = 0
  value = 0
  failure: Error | null = null
  /** Where it is not null, results wait for `release`. */
  waiting: (() => void)[] | null = null
  onApply: () => void = () => {}

  apply(entries: EntryBatch): number[] | Promise<number[]> {
    this.onApply()
    if (this.failure !== null) throw this.failure
    const results: number[] = []
    for (let i = entries.firstIndex; i <= entries.lastIndex; i++) {
      if (entries.kind(i) === EntryKind.Command) this.value += entries.payload(i)[0] as number
      results.push(this.value)
      this.lastApplied = i
    }
    const { waiting } = this
    return waiting === null ? results : new Promise((resolve) => waiting.push(() => resolve(results)))
  }
}

/** A storage whose writes can be held back or made to fail. */
export class FaultyStorage implements LogStorage {
  readonly #inner: MemoryLogStorage
  failure: Error | null = null
  held: (() => void)[] | null = null
  writes = 0
  constructor(clock: Clock) {
    this.#inner = new MemoryLogStorage(clock)
  }
  open() {
    return this.#inner.open()
  }
  write(write: LogWrite, done: (error: Error | null) => void): void {
    this.writes += 1
    this.#inner.write(write, (error) => {
      const finish = () => done(this.failure ?? error)
      if (this.held === null) finish()
      else this.held.push(finish)
    })
  }
  read(from: number, to: number, maxBytes: number, done: (error: Error | null, entries: EntryBatch | null) => void): void {
    this.#inner.read(from, to, maxBytes, (error, entries) => done(this.failure ?? error, this.failure === null ? entries : null))
  }
  close() {
    return this.#inner.close()
  }
}

const open: World[] = []

/** Nodes in one process, on manual time. */
export class World {
  readonly clock = new ManualClock()
  readonly network = new MemoryNetwork(this.clock)
  readonly nodes = new Map<string, Node<number>>()
  readonly storages = new Map<string, FaultyStorage>()
  readonly machines = new Map<string, Counter>()
  readonly sent: { readonly from: string; readonly to: string; readonly message: Message }[] = []
  readonly #ids: readonly string[]
  #seed = 1

  constructor(ids: readonly string[] = ['a', 'b', 'c']) {
    this.#ids = ids
    open.push(this)
  }

  add(id: string, options: Partial<NodeOptions<number>> = {}): Node<number> {
    const transport = this.network.transport(id)
    const storage = this.storages.get(id) ?? new FaultyStorage(this.clock)
    const stateMachine = new Counter()
    const node = new Node<number>({
      id,
      members: this.#ids.map((one) => ({ id: one, addresses: { peer: `${one}.example:7001` } })),
      storage,
      stateMachine,
      transport: {
        ...transport,
        send: (to, message) => {
          this.sent.push({ from: id, to, message })
          transport.send(to, message)
        },
      },
      clock: this.clock,
      random: () => {
        this.#seed = (Math.imul(this.#seed, 1103515245) + 12345) & 0x7fffffff
        return this.#seed / 0x80000000
      },
      ...options,
    })
    this.storages.set(id, storage)
    this.machines.set(id, stateMachine)
    this.nodes.set(id, node)
    return node
  }

  node(id: string): Node<number> {
    return this.nodes.get(id) as Node<number>
  }

  storage(id: string): FaultyStorage {
    return this.storages.get(id) as FaultyStorage
  }

  machine(id: string): Counter {
    return this.machines.get(id) as Counter
  }

  /** Starts all members, `options` for each, and waits for a leader. */
  async start(options: Partial<NodeOptions<number>> = {}): Promise<Node<number>> {
    for (const id of this.#ids) if (!this.nodes.has(id)) this.add(id, options)
    await Promise.all([...this.nodes.values()].map((node) => node.start()))
    return this.leader()
  }

  async leader(): Promise<Node<number>> {
    for (let i = 0; i < 100; i++) {
      await this.clock.advance(100)
      const leader = [...this.nodes.values()].find(
        (one) => one.role === 'leader' && one.status().lastApplied > 0 && one.leaderId === one.id,
      )
      if (leader !== undefined && [...this.nodes.values()].some((one) => one !== leader && one.leaderId === leader.id)) return leader
      if (leader !== undefined && this.#ids.length === 1) return leader
    }
    throw new Error('nobody leads')
  }

  followers(leader: Node<number>): Node<number>[] {
    return [...this.nodes.values()].filter((one) => one !== leader)
  }
}

afterEach(async () => {
  for (const world of open.splice(0)) for (const node of world.nodes.values()) await node.stop()
})

/** What a promise came to, without waiting for it. */
export function outcome<T>(promise: Promise<T>): { value: T | undefined; error: unknown; settled: boolean } {
  const result: { value: T | undefined; error: unknown; settled: boolean } = { value: undefined, error: undefined, settled: false }
  promise.then(
    (value) => Object.assign(result, { value, settled: true }),
    (error: unknown) => Object.assign(result, { error, settled: true }),
  )
  return result
}

export const command = (value: number, length = 1): Uint8Array => {
  const bytes = new Uint8Array(length)
  bytes[0] = value
  return bytes
}
