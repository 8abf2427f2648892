import { expect, it } from 'vitest'
import { RunningParts } from '../src/member/running-parts.js'

it('parts end in the reverse of the order in which they began, each when the one before has ended, with the patience that is given', async () => {
  const told: string[] = []
  const parts = new RunningParts()
  parts.add((patience) => void told.push(`first ${patience}`))
  parts.add(async (patience) => {
    told.push(`second ${patience}`)
    await Promise.resolve()
    told.push('second has ended')
  })
  await parts.end(7)
  expect(told).toEqual(['second 7', 'second has ended', 'first 7'])
})

it('each part ends once, however often the member is stopped', async () => {
  let times = 0
  const parts = new RunningParts()
  parts.add(() => {
    times += 1
  })
  await Promise.all([parts.end(1), parts.end(2)])
  expect(times).toBe(1)
})

it('a part that cannot be ended does not keep the others running, and its error is told', async () => {
  let hasEnded = false
  const parts = new RunningParts()
  parts.add(() => {
    hasEnded = true
  })
  parts.add(() => Promise.reject(new Error('the disk is gone')))
  parts.add(() => Promise.reject(new Error('the port is gone')))
  await expect(parts.end(0)).rejects.toThrow('the port is gone')
  expect(hasEnded).toBe(true)
})
