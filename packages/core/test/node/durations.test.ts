import { describe, expect, it } from 'vitest'
import { NodeStoppedError, NotLeaderError, OutcomeUnknownError, type RaftError } from '../../src/index.js'
import { command, outcome, World } from '../support/world.js'

/** A world of one member, which has not started, and what it tells. */
function watched() {
  const world = new World(['a'])
  const written: number[] = []
  const applied: number[] = []
  const proposed: [number, RaftError | null][] = []
  const node = world.add('a', {
    onWritten: (milliseconds) => written.push(milliseconds),
    onApplied: (milliseconds) => applied.push(milliseconds),
    onProposed: (milliseconds, error) => proposed.push([milliseconds, error]),
  })
  return { world, node, written, applied, proposed }
}

describe('durations', () => {
  it('of a write count until it is durable, of proposals until they are applied', async () => {
    const { world, node, written, applied, proposed } = watched()
    await node.start()
    await world.clock.advance(2000)
    expect([node.role, written.splice(0).length > 0, applied.splice(0).length > 0]).toEqual(['leader', true, true])
    const storage = world.storage('a')
    storage.held = []
    const results = [outcome(node.propose(command(1))), outcome(node.propose(command(2)))]
    await world.clock.settle()
    await world.clock.advance(30)
    expect([written, applied, proposed]).toEqual([[], [], []])
    for (const finish of storage.held ?? []) finish()
    storage.held = null
    await world.clock.settle()
    expect(results.map(({ error }) => error)).toEqual([undefined, undefined])
    expect(written).toEqual([30])
    expect(applied).toEqual([0])
    expect(proposed).toEqual([
      [30, null],
      [30, null],
    ])
  })

  it('of proposals end with the error where they come to nothing, and are nothing where they are refused at once', async () => {
    const { world, node, written, proposed } = watched()
    outcome(node.propose(command(1)))
    await world.clock.settle()
    expect(proposed.splice(0)).toEqual([[0, expect.any(NodeStoppedError)]])
    await node.start()
    outcome(node.propose(command(1)))
    await world.clock.settle()
    expect(proposed.splice(0)).toEqual([[0, expect.any(NotLeaderError)]])
    await world.clock.advance(2000)
    written.length = 0
    const storage = world.storage('a')
    storage.held = []
    outcome(node.propose(command(1)))
    await world.clock.settle()
    await world.clock.advance(20)
    await node.stop()
    expect(proposed).toEqual([[20, expect.any(OutcomeUnknownError)]])
    expect(written).toEqual([])
  })
})
