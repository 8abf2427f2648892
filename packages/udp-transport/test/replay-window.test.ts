import { describe, expect, it } from 'vitest'
import { ReplayWindow } from '../src/replay-window.js'

const WINDOW = 8192

function windowThatSaw(...counters: readonly number[]): ReplayWindow {
  const window = new ReplayWindow()
  for (const counter of counters) window.mark(counter)
  return window
}

/** Which of these counts as seen. */
const seenOf = (window: ReplayWindow, counters: readonly number[]) => counters.filter((counter) => window.seen(counter))

describe('the window against replays', () => {
  it('has seen nothing at first', () => {
    const window = new ReplayWindow()
    expect([window.next, seenOf(window, [0, 1, 31, 32, WINDOW])]).toEqual([0, []])
  })

  it('has seen what was marked, and not what lies between', () => {
    const window = windowThatSaw(0, 3, 31, 32, 64)
    expect(window.next).toBe(65)
    expect(
      seenOf(
        window,
        Array.from({ length: 100 }, (_, i) => i),
      ),
    ).toEqual([0, 3, 31, 32, 64])
  })

  it('takes what comes late once', () => {
    const window = windowThatSaw(100)
    expect(window.seen(40)).toBe(false)
    window.mark(40)
    expect([window.seen(40), window.seen(39), window.seen(41), window.next]).toEqual([true, false, false, 101])
  })

  it('counts what is older than the window as seen, and nothing that is in it', () => {
    const window = windowThatSaw(2 * WINDOW - 1)
    expect(window.next).toBe(2 * WINDOW)
    expect(seenOf(window, [WINDOW - 2, WINDOW - 1, WINDOW, WINDOW + 1])).toEqual([WINDOW - 2, WINDOW - 1])
    window.mark(WINDOW)
    expect(seenOf(window, [WINDOW, WINDOW + 1])).toEqual([WINDOW])
  })

  it('forgets what it remembered of the counters that had the same places, by small steps and by large ones', () => {
    const all = Array.from({ length: WINDOW }, (_, i) => i)
    for (const jump of [0, 1, 5, WINDOW - 1, WINDOW, WINDOW + 1, 3 * WINDOW]) {
      const window = windowThatSaw(...all)
      const counter = WINDOW + jump
      window.mark(counter)
      const between = Array.from({ length: jump }, (_, i) => WINDOW + i).filter((one) => one >= counter + 1 - WINDOW)
      expect(seenOf(window, between), `a jump of ${jump}`).toEqual([])
      expect([window.seen(counter), window.seen(counter + 1)]).toEqual([true, false])
      // What is left of the first of them is still remembered.
      expect(seenOf(window, all).length, `a jump of ${jump}`).toBe(WINDOW)
    }
  })

  it('does what a plain set does', () => {
    const window = new ReplayWindow()
    const seen = new Set<number>()
    let next = 0
    let random = 1
    for (let i = 0; i < 20_000; i++) {
      random = (Math.imul(random, 1103515245) + 12345) & 0x7fffffff
      const jump = random % 97 === 0 ? 9000 : random % 31 === 0 ? 300 : 3
      const counter = Math.max(0, next + (((random >>> 8) % (2 * jump)) - jump))
      const expected = counter < next - WINDOW || seen.has(counter)
      if (window.seen(counter) !== expected) expect([i, counter, window.seen(counter)]).toEqual([i, counter, expected])
      if (expected) continue
      window.mark(counter)
      seen.add(counter)
      next = Math.max(next, counter + 1)
    }
    expect(window.next).toBe(next)
  })
})
