import { type EntryBatch, EntryKind, type StateMachine } from '@raft/core'

/** Eight accounts with 100 each. A command is three bytes: from, to, amount. The result: whether the money was moved. */
export class Bank implements StateMachine<boolean> {
  lastApplied = 0
  readonly balances: number[] = new Array(8).fill(100)

  apply(entries: EntryBatch): (boolean | undefined)[] {
    const results: (boolean | undefined)[] = []
    for (let index = entries.firstIndex; index <= entries.lastIndex; index++) {
      results.push(entries.kind(index) === EntryKind.Command ? this.move(entries.payload(index)) : undefined)
    }
    this.lastApplied = entries.lastIndex
    return results
  }

  move([from = 0, to = 0, amount = 0]: Uint8Array): boolean {
    if ((this.balances[from] ?? 0) < amount) return false
    this.balances[from] = (this.balances[from] ?? 0) - amount
    this.balances[to] = (this.balances[to] ?? 0) + amount
    return true
  }
}
