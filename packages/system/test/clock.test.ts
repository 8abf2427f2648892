import { clockSuite } from '@raft/conformance'
import { describe, expect, test } from 'vitest'
import { nodeClock } from '../src/index.js'

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('the clock of a process', () => {
  clockSuite({ test, make: () => nodeClock })

  test('runs what is deferred by what was deferred in the same turn, in order', async () => {
    const seen: string[] = []
    nodeClock.defer(() => {
      seen.push('first')
      nodeClock.defer(() => seen.push('third'))
    })
    nodeClock.defer(() => seen.push('second'))
    expect(seen).toEqual([])
    await nextTurn()
    expect(seen).toEqual(['first', 'second', 'third'])
  })

  test('lets the sockets have their turn, however much defers itself', async () => {
    let count = 0
    let isOver = false
    const again = () => {
      count += 1
      if (!isOver) nodeClock.defer(again)
    }
    nodeClock.defer(again)
    await nextTurn()
    const inOneTurn = count
    await nextTurn()
    isOver = true
    expect(inOneTurn).toBeLessThan(100)
    expect(count).toBeGreaterThan(inOneTurn)
  })

  test('runs the others too when one throws', async () => {
    const seen: string[] = []
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const thrown = new Promise<unknown>((resolve) => process.once('uncaughtException', resolve))
    nodeClock.defer(() => {
      nodeClock.defer(() => seen.push('third'))
      throw new Error('on purpose')
    })
    nodeClock.defer(() => seen.push('second'))
    await expect(thrown).resolves.toEqual(new Error('on purpose'))
    await nextTurn()
    for (const listener of listeners) process.on('uncaughtException', listener)
    expect(seen).toEqual(['second', 'third'])
  })
})
