import { describe, expect, it } from 'vitest'
import type { TransportProblem } from '../src/index.js'
import { heartbeat, type Station, VirtualCluster } from './support/cluster.js'
import { Directory, storeOf } from './support/register.js'

interface Member {
  readonly station: Station
  readonly directory: Directory
  readonly problems: TransportProblem[]
}

const IDS = ['a', 'b', 'c']

async function start(cluster: VirtualCluster, id: string, directory: Directory): Promise<Member> {
  const problems: TransportProblem[] = []
  const onProblem = (problem: TransportProblem) => problems.push(problem)
  return { station: await cluster.start(id, IDS, { identity: directory, onProblem }), directory, problems }
}

async function startAll(cluster: VirtualCluster, directories: readonly Directory[]): Promise<Member[]> {
  const members: Member[] = []
  for (const [index, directory] of directories.entries()) members.push(await start(cluster, IDS[index] as string, directory))
  return members
}

/** Each says something to each other, and 50 ms pass, so many times. */
async function talk(cluster: VirtualCluster, members: readonly Member[], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const { station } of members) for (const id of IDS) if (id !== station.id) station.transport.send(id, heartbeat(round))
    await cluster.run(50)
  }
}

/** The directories of a cluster whose members have met. */
async function met(seed: number, directories: readonly Directory[]): Promise<Directory[]> {
  const cluster = new VirtualCluster(seed)
  const members = await startAll(cluster, directories)
  await talk(cluster, members, 5)
  return members.map(({ directory }) => directory)
}

const firstStarts = (letters: string) => [...letters].map((letter) => new Directory({ storeId: storeOf(letter), starts: 1 }))

const at = <T>(list: readonly T[], index: number): T => list[index] as T

describe.each([1, 20])('a directory that all others refuse, and that would refuse all others (%i ms away)', (delay) => {
  it.each([1, 2, 3])('ends none of them, of a cluster that was formed anew, where all start at once (seed %i)', async (seed) => {
    const [, old] = await met(seed, firstStarts('abc'))
    const [a, , c] = await met(seed + 100, firstStarts('def'))
    const cluster = new VirtualCluster(seed + 200)
    Object.assign(cluster.links.conditions, { delay })
    const members = await startAll(
      cluster,
      [a, old, c].map((directory) => (directory as Directory).next()),
    )
    await talk(cluster, members, 60)
    expect(members.flatMap(({ directory }) => directory.refusals)).toEqual([])
    const [first, stale, third] = members.map(({ problems }) => problems.map(({ code, peer }) => `${code} ${peer}`))
    expect(first).toEqual(['RAFT_DISK_LOST b'])
    expect(third).toEqual(['RAFT_DISK_LOST b'])
    expect(stale?.sort()).toEqual(['RAFT_DISK_LOST a', 'RAFT_DISK_LOST c'])
    expect(members.map(({ station }) => station.received.some(({ from }) => from === 'b'))).toEqual([false, false, false])
    expect(at(members, 0).station.received.some(({ from }) => from === 'c')).toBe(true)
  })

  it.each([1, 2, 3])('ends none of them that run already (seed %i)', async (seed) => {
    const old = at(await met(seed, firstStarts('abc')), 1)
    const cluster = new VirtualCluster(seed + 100)
    Object.assign(cluster.links.conditions, { delay })
    const members = await startAll(cluster, firstStarts('def'))
    await talk(cluster, members, 5)
    await at(members, 1).station.transport.close()
    await talk(cluster, [at(members, 0), at(members, 2)], 20)
    const stale = await start(cluster, 'b', old.next())
    await talk(cluster, [at(members, 0), stale, at(members, 2)], 60)
    expect([...members, stale].flatMap(({ directory }) => directory.refusals)).toEqual([])
  })
})

it.each([1, 2, 3])(
  'a copy that was started in a drill, among copies, ends no member of the cluster that it was copied from (seed %i)',
  async (seed) => {
    const base = await met(seed, firstStarts('abc'))
    const next = (directories: readonly Directory[]) => directories.map((directory) => directory.next())
    const drill = await met(seed + 1, next(base))
    const second = await met(seed + 2, next(base))
    const cluster = new VirtualCluster(seed + 3)
    const members = await startAll(cluster, next(second))
    await talk(cluster, members, 5)
    await at(members, 1).station.transport.close()
    await talk(cluster, [at(members, 0), at(members, 2)], 20)
    const copy = await start(cluster, 'b', at(drill, 1).next())
    await talk(cluster, [at(members, 0), copy, at(members, 2)], 60)
    expect([...members, copy].flatMap(({ directory }) => directory.refusals)).toEqual([])
    expect(copy.station.received).toEqual([])
  },
)

it('a member that remembers nothing of those who refuse it believes them', async () => {
  const [a, , c] = await met(1, firstStarts('abc'))
  const cluster = new VirtualCluster(2)
  const wiped = new Directory({ storeId: storeOf('e'), starts: 1 })
  const members = await startAll(cluster, [(a as Directory).next(), wiped, (c as Directory).next()])
  await talk(cluster, members, 20)
  expect(wiped.refusals).toMatchObject([{ reason: 'otherStore' }])
  expect([...at(members, 0).directory.refusals, ...at(members, 2).directory.refusals]).toEqual([])
})
