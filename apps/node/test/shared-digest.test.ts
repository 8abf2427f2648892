import { setTimeout as sleep } from 'node:timers/promises'
import { encodePut } from '@raft/commands'
import { EntryBatch, EntryKind } from '@raft/core'
import { KeyValueStore } from '@raft/state-machine'
import { nodeClock } from '@raft/system'
import { describe, expect, it } from 'vitest'
import { DigestBusyError, type DigestSteps, SharedDigest } from '../src/store/shared-digest.js'

/** A store whose digest takes so many steps, and a clock that goes by with them. */
function slowStore(steps: number) {
  const timers: { readonly time: number; readonly callback: () => void }[] = []
  const begun: { done: number }[] = []
  const world = {
    now: 0,
    revision: 1,
    begun,
    /** Called in every step. */
    onStep: () => {},
    /** Until nothing is to be done any more, or so often. */
    async run(times = 1000): Promise<void> {
      for (let i = 0; i < times; i++) {
        await sleep(0)
        const timer = timers.shift()
        if (timer === undefined) return
        world.now = Math.max(world.now, timer.time)
        timer.callback()
      }
    },
  }
  const store = {
    get revision() {
      return world.revision
    },
    digest: () => `digest of ${world.revision}`,
    beginDigest: (): DigestSteps => {
      const { revision } = world
      const run = { done: 0 }
      begun.push(run)
      return {
        revision,
        get isStale() {
          return world.revision !== revision
        },
        get value() {
          return run.done === steps ? `digest of ${revision}` : null
        },
        step: () => {
          run.done += 1
          world.now += 4
          world.onStep()
        },
      }
    },
  }
  const clock = {
    now: () => world.now,
    schedule: (time: number, callback: () => void) => {
      timers.push({ time, callback })
      return () => {}
    },
    defer: (callback: () => void) => void timers.push({ time: world.now, callback }),
  }
  return { world, store, digest: new SharedDigest(store, clock) }
}

const waiting = () => new AbortController().signal

describe('a digest that is asked for', () => {
  it('is made once for all who ask while it is made, and serves until the state changes (issue 18)', async () => {
    const { world, digest } = slowStore(5)
    const asked = [digest.ask(waiting()), digest.ask(waiting())]
    await world.run(3)
    asked.push(digest.ask(waiting()))
    await world.run()
    expect(await Promise.all(asked)).toEqual(['digest of 1', 'digest of 1', 'digest of 1'])
    expect(world.now).toBe(5 * 4 + 4 * 3 * 4)
    expect(await digest.ask(waiting())).toBe('digest of 1')
    expect(world.begun).toEqual([{ done: 5 }])
    world.revision = 2
    const later = digest.ask(waiting())
    await world.run()
    expect(await later).toBe('digest of 2')
  })

  it('takes a quarter of the time', async () => {
    const { world, digest } = slowStore(10)
    const asked = digest.ask(waiting())
    await world.run()
    await asked
    expect(world.now).toBe(10 * 4 + 9 * 3 * 4)
  })

  it('is of one revision: begun again when the state has changed meanwhile (trap 52)', async () => {
    const { world, digest } = slowStore(5)
    const asked = digest.ask(waiting())
    await world.run(4)
    world.revision = 2
    await world.run()
    expect(await asked).toBe('digest of 2')
    expect(world.begun.map(({ done }) => done)).toEqual([4, 5])
  })

  it('is refused when the state changes all the time, and made when it no longer does', async () => {
    const { world, digest } = slowStore(5)
    world.onStep = () => {
      world.revision += 1
    }
    const asked = digest.ask(waiting())
    asked.catch(() => {})
    await world.run(10_000)
    await expect(asked).rejects.toBeInstanceOf(DigestBusyError)
    world.onStep = () => {}
    const again = digest.ask(waiting())
    await world.run()
    expect(await again).toBe(`digest of ${world.revision}`)
  })

  it('is not made any further when all who asked have gone', async () => {
    const { world, digest } = slowStore(50)
    const [one, other] = [new AbortController(), new AbortController()]
    const asked = [digest.ask(one.signal), digest.ask(other.signal)].map((each) => each.catch(() => 'gone'))
    await world.run(3)
    one.abort()
    await world.run(3)
    other.abort()
    await world.run()
    expect(await Promise.all(asked)).toEqual(['gone', 'gone'])
    expect(world.begun).toEqual([{ done: 6 }])
  })

  it('that cannot be made is refused with what the store threw', async () => {
    const { world, store, digest } = slowStore(5)
    store.beginDigest = () => {
      throw new Error('no such thing')
    }
    const asked = digest.ask(waiting())
    asked.catch(() => {})
    await world.run()
    await expect(asked).rejects.toThrow('no such thing')
  })
})

it('the digest of a store of many keys is made in many steps, and is the one that is made at once', async () => {
  const store = new KeyValueStore()
  const put = (from: number) => {
    const commands = Array.from({ length: 20_000 }, (_, i) => encodePut(Buffer.from(`key ${from + i}`), Buffer.from(`value ${i}`)))
    store.apply(EntryBatch.of(store.lastApplied + 1, 1, EntryKind.Command, commands))
  }
  put(0)
  put(20_000)
  const digest = new SharedDigest(store, nodeClock)
  const asked = digest.ask(waiting())
  let turns = 0
  let isOver = false
  void asked.then(() => {
    isOver = true
  })
  while (!isOver) {
    turns += 1
    await sleep(0)
  }
  expect(turns).toBeGreaterThan(5)
  expect(await asked).toBe(store.digest())
  put(40_000)
  expect(await digest.ask(waiting())).toBe(store.digest())
})
