import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { placesFor } from '../src/client-port/connection-slots.js'
import { type DescriptorSource, descriptorsOf, socketsWithin } from '../src/descriptors.js'
import { diskBytesOf } from '../src/disk-usage.js'
import { temporaryDirectory } from './cluster.js'

const LIMITS = (soft: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             127235               127235               processes
Max open files            ${soft.padEnd(20)} 1048576              files
Max locked memory         8388608              8388608              bytes
`

function source(soft: string, more: Partial<DescriptorSource> = {}): DescriptorSource {
  return { platform: 'linux', limits: () => LIMITS(soft), open: () => ['0', '1', '2'], ...more }
}

function unreadable(): never {
  throw new Error('ENOENT')
}

describe('the file descriptors of a process', () => {
  it('are those that the system allows now, and those that are open', () => {
    expect(descriptorsOf(source('1024'))).toEqual({ limit: 1024, open: 3 })
    expect(descriptorsOf(source('unlimited')).limit).toBe(Number.POSITIVE_INFINITY)
    const { limit, open } = descriptorsOf()
    expect([limit > 64, open > 2]).toEqual([true, true])
  })

  it('are taken to be 10,240 where the system does not tell, and without limit on Windows', () => {
    expect(descriptorsOf(source('', { limits: unreadable, open: unreadable }))).toEqual({ limit: 10_240, open: 64 })
    expect(descriptorsOf(source('what')).limit).toBe(10_240)
    expect(descriptorsOf(source('', { platform: 'win32', limits: unreadable })).limit).toBe(Number.POSITIVE_INFINITY)
  })

  it('leave room for the log and the other members, and an eighth of them for the rest of the process', () => {
    const sockets = (limit: number, members = 2) => socketsWithin({ limit, open: 30 }, members)
    expect([sockets(1024), sockets(256), sockets(16_384), sockets(256, 4)]).toEqual([810, 138, 14_250, 130])
    expect([sockets(Number.POSITIVE_INFINITY), sockets(40)]).toEqual([Number.POSITIVE_INFINITY, 16])
  })
})

describe('the places of connections', () => {
  it('are as many as are configured where there are descriptors for all', () => {
    const all = { clients: 10_000, members: 1024, antechamber: 64 }
    expect([placesFor(10_000, Number.POSITIVE_INFINITY), placesFor(10_000, 14_250)]).toEqual([all, all])
  })

  it('never come to more than there are descriptors for, and leave some of each kind', () => {
    for (let sockets = 16; sockets < 12_000; sockets += 7) {
      const { clients, members, antechamber } = placesFor(10_000, sockets)
      expect(clients + members + antechamber).toBeLessThanOrEqual(sockets)
      expect(Math.min(clients, members, antechamber)).toBeGreaterThanOrEqual(4)
    }
    expect(placesFor(10_000, 810)).toEqual({ clients: 645, members: 101, antechamber: 64 })
  })
})

describe('the size of a directory', () => {
  it('is not known, rather than nothing, where the system does not tell', async () => {
    const dataDir = join(temporaryDirectory(), 'file')
    writeFileSync(dataDir, 'no directory')
    expect(await diskBytesOf({ dataDir })).toBeNull()
  })

  it('is nothing where there is no directory', async () => {
    expect(await diskBytesOf({ dataDir: join(temporaryDirectory(), 'none') })).toBe(0)
  })
})
