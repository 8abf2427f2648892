import { Host, World } from '@raft/simulator'
import { describe, expect, it } from 'vitest'
import { Punctuality } from '../../src/workload/punctuality.js'

function setUp() {
  const world = new World(1)
  const host = new Host('h', world)
  const clock = host.clock.of(host.begin(), (callback) => world.after(0, callback))
  const late: string[] = []
  return { world, host, clock, late, punctuality: new Punctuality((message) => late.push(message)) }
}

describe('a call', () => {
  it('that ends a little after its deadline is punctual', async () => {
    const { world, clock, late, punctuality } = setUp()
    const ended = punctuality.begin(clock, 100, 'a call')
    world.after(155, ended)
    await world.run(1000)
    expect(late).toEqual([])
  })

  it('that does not end is told as late', async () => {
    const { world, clock, late, punctuality } = setUp()
    punctuality.begin(clock, 100, 'a call')
    await world.run(1000)
    expect(late).toEqual(['a call has not ended 60 ms after its deadline, which was 100 ms after its begin'])
  })

  it('of a process that stands still may end when the process goes on', async () => {
    const { world, host, clock, late, punctuality } = setUp()
    const ended = punctuality.begin(clock, 100, 'a call')
    clock.schedule(clock.now() + 120, ended)
    host.pause(5000)
    await world.run(10_000)
    expect(late).toEqual([])
  })

  it('of a process whose clock is slow may take as much longer', async () => {
    const { world, host, clock, late, punctuality } = setUp()
    host.clock.setRate(0.1)
    const ended = punctuality.begin(clock, 100, 'a call')
    world.after(1400, ended)
    await world.run(10_000)
    expect(late).toEqual([])
  })
})
