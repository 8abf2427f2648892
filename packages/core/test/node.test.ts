import { describe, expect, it } from 'vitest'
import { type EntryBatch, EntryKind, Node, type StateMachine } from '../src/index.js'
import { MemoryLogStorage, MemoryNetwork } from '../src/memory/index.js'

const clock = {
  now: () => performance.now(),
  schedule: (time: number, callback: () => void) => {
    const timer = setTimeout(callback, Math.max(0, time - performance.now()))
    return () => clearTimeout(timer)
  },
  defer: (callback: () => void) => void setImmediate(callback),
}

class Counter implements StateMachine<number> {
  lastApplied = 0
  value = 0
  apply(entries: EntryBatch) {
    const results: (number | undefined)[] = []
    for (let i = entries.firstIndex; i <= entries.lastIndex; i++) {
      if (entries.kind(i) === EntryKind.Command) this.value += entries.payload(i)[0] as number
      results.push(this.value)
      this.lastApplied = i
    }
    return results
  }
}

describe('three nodes in one process', () => {
  it('count on when the leader is stopped', async () => {
    const network = new MemoryNetwork(clock)
    const members = ['a', 'b', 'c'].map((id) => ({ id, addresses: {} }))
    const nodes = members.map(
      ({ id }) =>
        new Node<number>({
          id,
          members,
          storage: new MemoryLogStorage(clock),
          stateMachine: new Counter(),
          transport: network.transport(id),
          clock,
          random: Math.random,
        }),
    )
    await Promise.all(nodes.map((node) => node.start()))
    await nodes[0]!.waitForLeader()
    const leader = () => nodes.find((n) => n.id === n.leaderId && n.role === 'leader')
    expect(await leader()!.propose(new Uint8Array([5]))).toBe(5)
    const old = leader()!
    await old.readIndex()
    await old.stop()
    const rest = nodes.filter((n) => n !== old)
    const t = performance.now()
    await rest[0]!.waitForLeader()
    while (leader() === undefined) await new Promise((r) => setTimeout(r, 5))
    console.log('failover', performance.now() - t)
    expect(await leader()!.propose(new Uint8Array([2]))).toBe(7)
    const n = 20000
    const s = performance.now()
    const results = await Promise.all(Array.from({ length: n }, () => leader()!.propose(new Uint8Array([1]))))
    console.log('rate', (n / (performance.now() - s)) * 1000)
    expect(results.at(-1)).toBe(7 + n)
    for (const node of rest) await node.stop()
  })
})
