import type { LogStorage } from '@raft/core'
import { describe, expect, it } from 'vitest'
import {
  check,
  checkStack,
  describeFailure,
  faultsCounted,
  ListMachine,
  listStack,
  reduceFailure,
  type SimulationFailedError,
  Statistics,
  simulate,
} from '../src/index.js'

/** A storage that says it has written before it has: what a power loss takes is gone although it was promised. */
const hasty: typeof listStack = (context) => {
  const stack = listStack(context)
  return {
    ...stack,
    member: (environment) => {
      const hastily = (storage: LogStorage) => saysDoneTooEarly(storage, (action) => environment.clock.defer(action))
      const nodeOptions: typeof environment.nodeOptions = (ports) => environment.nodeOptions({ ...ports, storage: hastily(ports.storage) })
      return stack.member({ ...environment, nodeOptions })
    },
  }
}

function saysDoneTooEarly(storage: LogStorage, defer: (action: () => void) => void): LogStorage {
  return {
    open: () => storage.open(),
    write: (write, done) => {
      defer(() => done(null))
      storage.write(write, () => {})
    },
    read: (from, to, maxBytes, done) => storage.read(from, to, maxBytes, done),
    close: () => storage.close(),
  }
}

describe('a failure', () => {
  it('is reduced to fewer faults and events that break the same oracle, and can be run again', async () => {
    const options = { seed: 0, stack: hasty, members: 3 }
    let failed = await simulate(options)
    for (let seed = 1; failed.violation === null || failed.faults < 5; seed++) failed = await simulate({ ...options, seed })
    const reduced = await reduceFailure({ ...options, seed: failed.seed }, failed)
    expect(reduced.reduction.only.length).toBeLessThan(failed.faults)
    expect(reduced.outcome.violation?.oracle).toBe(failed.violation.oracle)
    const again = await simulate({ ...options, seed: failed.seed, ...reduced.reduction })
    expect([again.hash, again.violation]).toEqual([reduced.outcome.hash, reduced.outcome.violation])
    const text = describeFailure(failed, reduced)
    expect(text).toContain(`seed ${failed.seed} broke "${failed.violation.oracle}"`)
    for (const line of reduced.outcome.transcript.slice(-5)) expect(text).toContain(line)
  })

  it('is thrown by check, with its seed', async () => {
    const failure = await checkStack({ seeds: 50, stack: hasty }).catch((error: SimulationFailedError) => error)
    expect(failure).toMatchObject({ code: 'SIMULATION_FAILED' })
  })
})

describe('check', () => {
  it('wants a state machine and commands only', async () => {
    const statistics = await check({
      seeds: 20,
      members: 3,
      stateMachine: () => new ListMachine(),
      command: (random) => random.bytes(4),
      digest: (machine) => String(machine.hash),
    })
    expect(statistics.seeds).toBe(20)
    expect(statistics.counts.get('commands acknowledged')).toBeGreaterThan(20)
  })
})

describe('statistics', () => {
  it('know which faults were seen together, also those of other processes', () => {
    const statistics = new Statistics()
    statistics.add({
      events: 5,
      duration: 7,
      counts: new Map([
        ['crash', 2],
        ['lost', 1],
        ['leader', 3],
      ]),
    })
    const other = new Statistics()
    other.add({
      events: 1,
      duration: 1,
      counts: new Map([
        ['pause', 1],
        ['lost', 1],
      ]),
    })
    statistics.merge(JSON.parse(JSON.stringify(other)))
    expect([statistics.seeds, statistics.events, statistics.duration]).toEqual([2, 6, 8])
    expect([statistics.together('crash', 'lost'), statistics.together('lost', 'crash'), statistics.together('crash', 'pause')]).toEqual([
      1, 1, 0,
    ])
    expect(statistics.together('lost', 'lost')).toBe(2)
    expect(statistics.counts.get('lost')).toBe(2)
    expect(statistics.unseenPairs()).toContain('storm')
    expect(statistics.unseenPairs()).not.toContain('lost + crash')
    expect(statistics.lines().join()).toContain(`of ${(faultsCounted.length * (faultsCounted.length + 1)) / 2} pairs`)
  })
})
