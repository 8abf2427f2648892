import type { Clock } from '@raft/core'
import { describe, expect, it } from 'vitest'
import { Host, World } from '../../src/index.js'

function clockOf(host: Host): Clock {
  const incarnation = host.begin()
  return host.clock.of(incarnation, (callback) => host.world.after(0, incarnation.bind(callback)))
}

describe('a host', () => {
  it('runs timers at their local time, and never before', async () => {
    const world = new World(1)
    const host = new Host('a', world)
    host.clock.setRate(2)
    const clock = clockOf(host)
    const fired: number[] = []
    clock.schedule(100, () => fired.push(world.now))
    const callOff = clock.schedule(100, () => fired.push(-1))
    callOff()
    await world.run(1000)
    expect(fired).toHaveLength(1)
    expect(fired[0]).toBeGreaterThanOrEqual(50)
    expect(fired[0]).toBeLessThan(51)
  })

  it('lets timers wait when its clock is slowed down meanwhile, and fires late when it jumps', async () => {
    const world = new World(1)
    const host = new Host('a', world)
    const clock = clockOf(host)
    const fired: [number, number][] = []
    clock.schedule(100, () => fired.push([world.now, clock.now()]))
    world.after(50, () => host.clock.setRate(0.5))
    await world.run(120)
    expect(fired).toEqual([])
    await world.run(200)
    expect(fired[0]?.[0]).toBeCloseTo(150, 0)
    expect(fired[0]?.[1]).toBeGreaterThanOrEqual(100)
    const now = clock.now()
    host.clock.jump(500)
    expect(clock.now()).toBe(now + 500)
  })

  it('runs timers that were set while its clock was slow when they are due by the clock that is right again', async () => {
    const world = new World(1)
    const host = new Host('a', world)
    const clock = clockOf(host)
    host.clock.setRate(0.1)
    const fired: number[] = []
    clock.schedule(100, () => fired.push(world.now))
    world.after(50, () => host.clock.setRate(1))
    await world.run(2000)
    expect(fired).toHaveLength(1)
    expect(fired[0]).toBeCloseTo(145, 0)
  })

  it('runs a timer once, though its clock is set while the process is paused', async () => {
    const world = new World(1)
    const host = new Host('a', world)
    const clock = clockOf(host)
    const fired: number[] = []
    clock.schedule(10, () => fired.push(world.now))
    world.after(5, () => host.pause(100))
    world.after(50, () => host.clock.setRate(2))
    await world.run(1000)
    expect(fired).toEqual([105])
  })

  it('keeps a paused process from everything until the pause is over', async () => {
    const world = new World(1)
    const host = new Host('a', world)
    const clock = clockOf(host)
    const fired: number[] = []
    clock.schedule(10, () => fired.push(world.now))
    const callOff = clock.schedule(10, () => fired.push(-1))
    world.after(5, () => host.pause(100))
    world.after(50, () => callOff())
    world.after(60, () => host.pause(10))
    await world.run(1000)
    expect(fired).toEqual([105])
  })

  it('lets nothing of a dead process happen, nor of the one before', async () => {
    const world = new World(1)
    const host = new Host('a', world)
    const first = host.begin()
    const fired: string[] = []
    world.after(
      10,
      first.bind(() => fired.push('first')),
    )
    const promise = first.later(10, () => fired.push('promise'))
    void promise
    world.after(5, () => {
      const second = host.begin()
      world.after(
        1,
        second.bind(() => fired.push('second')),
      )
    })
    await world.run(100)
    expect(fired).toEqual(['second'])
    expect(first.isAlive).toBe(false)
    host.end()
    expect(host.incarnation).toBeNull()
  })
})

describe('the world', () => {
  it('runs what waits for a promise before the next event', async () => {
    const world = new World(1)
    const host = new Host('a', world)
    const incarnation = host.begin()
    const order: string[] = []
    void incarnation
      .later(10, () => 'done')
      .then((value) => order.push(value))
      .then(() => order.push('and after it'))
    world.after(10, () => order.push('next event'))
    await world.run(100)
    expect(order).toEqual(['done', 'and after it', 'next event'])
    expect(world.now).toBe(100)
  })

  it('ends with the first violation, and keeps it', async () => {
    const world = new World(1)
    world.after(5, () => world.violated('some oracle', 'first'))
    world.after(6, () => world.violated('some oracle', 'second'))
    await world.run(100)
    expect(world.violation).toEqual({ oracle: 'some oracle', message: 'first', event: 1, time: 5 })
    expect(world.now).toBe(5)
    world.violated('another', 'later')
    expect(world.violation?.message).toBe('first')
  })

  it('tells traces apart by what happened, when, and in which order', () => {
    const hash = (notes: [number, string, ...(string | number)[]][]) => {
      const world = new World(1)
      for (const [time, what, ...parts] of notes) world.trace.note(time, what, ...parts)
      return world.trace.hash
    }
    const all = [
      hash([
        [1, 'a', 1],
        [2, 'b', 2],
      ]),
      hash([
        [1, 'a', 1],
        [2.5, 'b', 2],
      ]),
      hash([
        [2, 'b', 2],
        [1, 'a', 1],
      ]),
      hash([
        [1, 'a', 1],
        [2, 'b', 3],
      ]),
      hash([
        [1, 'a', 2 ** 40],
        [2, 'b', 2],
      ]),
      hash([
        [1, 'a', 2 ** 41],
        [2, 'b', 2],
      ]),
      hash([[1, 'a', 1]]),
    ]
    expect(new Set(all).size).toBe(all.length)
  })
})
