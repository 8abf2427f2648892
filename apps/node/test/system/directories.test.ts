import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { anyPorts } from '../../src/local/free-ports.js'
import { MemberProcess } from '../../src/local/member-process.js'
import type { ProcessCluster } from '../../src/local/process-cluster.js'
import { acknowledgedMore, CLI, expectWhole, get, others, put, startCluster, startWriter, until } from './harness.js'

interface Line {
  readonly level: number
  readonly code?: string
  readonly peer?: string
  readonly msg?: string
}

/** What a member has logged as JSON, in all its lives. */
function linesOf(member: MemberProcess): Line[] {
  return member.log
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)
}

const hasTold = (member: MemberProcess, code: string, peer: string) =>
  linesOf(member).some((line) => line.code === code && line.peer === peer)

/** Starts the member, which ends by itself, and gives what it wrote in this life. */
async function endsByItself(member: MemberProcess): Promise<string> {
  const before = existsSync(member.logFile) ? member.log.length : 0
  member.start()
  expect(await member.exited).toEqual({ code: 1, signal: null })
  const written = member.log.slice(before)
  // Why it ends is told once.
  expect(written.split('\n').filter((line) => /^raft-node: |"level":[56]0/.test(line))).toHaveLength(1)
  return written
}

/** What is acknowledged from now on, and before, is there when the test is at its end, on all members but this one. */
async function servesWithout(cluster: ProcessCluster, out: MemberProcess): Promise<void> {
  const writer = startWriter(cluster, 'without ')
  await acknowledgedMore(writer)
  await writer.stop()
  for (const member of others(cluster, out)) {
    for (const [key, value] of writer.acknowledged) expect(await get(member, key)).toMatchObject({ status: 200, text: value })
  }
}

test('a directory that is moved into another cluster, whose members have the same names, mixes nothing, and is told of', async () => {
  const [one, two] = [await startCluster(), await startCluster()]
  const [n1, moved] = [two.member('n1'), two.member('n3')]
  expect((await put(one.member('n1'), 'k', 'of the first')).status).toBe(200)
  expect((await put(n1, 'k', 'of the second')).status).toBe(200)
  await one.member('n3').end('SIGTERM')
  await moved.end('SIGTERM')
  rmSync(moved.dataDir, { recursive: true })
  renameSync(one.member('n3').dataDir, moved.dataDir)
  moved.start()
  await until(
    'both sides tell',
    () => hasTold(n1, 'RAFT_UNKNOWN_SECRET', 'n3') && ['n1', 'n2'].some((id) => hasTold(moved, 'RAFT_UNKNOWN_SECRET', id)),
  )
  await until('it says what its directory is', () => /wrong if the directory was brought here from another cluster/.test(moved.log))
  expect((await put(n1, 'other', 'of the second')).status).toBe(200)
  expect((await get(n1, 'k')).text).toBe('of the second')
  expect((await get(moved, 'other', 'local')).status).toBe(404)
})

test('a member that is started with a shorter list of members does not run, and is one of them again with the whole list', async () => {
  const cluster = await startCluster()
  const writer = startWriter(cluster)
  await acknowledgedMore(writer)
  const member = cluster.member('n1')
  await member.end('SIGTERM')
  const whole = readFileSync(cluster.config, 'utf8')
  const { members, ...rest } = JSON.parse(whole) as { members: Record<string, object> }
  writeFileSync(cluster.config, JSON.stringify({ ...rest, members: { n1: members['n1'] } }))
  expect(await endsByItself(member)).toMatch(/other members than those that are given \(n2, n3 missing\).*fixed for now/)
  writeFileSync(cluster.config, whole)
  member.start()
  await member.ready()
  await acknowledgedMore(writer)
  await writer.stop()
  await expectWhole(cluster, writer)
})

test('a member whose directory was wiped ends by itself, each time, and the others serve without it and tell', async () => {
  const cluster = await startCluster()
  const member = cluster.member('n2')
  expect((await put(cluster.member('n1'), 'k', 'v')).status).toBe(200)
  await member.end('SIGKILL')
  rmSync(member.dataDir, { recursive: true })
  expect(await endsByItself(member)).toMatch(/this member's disk was lost.*RAFT_DISK_LOST/)
  for (const other of others(cluster, member)) await until(`${other.id} tells`, () => hasTold(other, 'RAFT_DISK_LOST', 'n2'))
  expect(await endsByItself(member)).toMatch(/this member's disk was lost.*Members cannot be replaced yet/)
  expect((await get(cluster.member('n1'), 'k')).text).toBe('v')
  await servesWithout(cluster, member)
})

test('a member on an older copy of its directory ends by itself, however often it is started, and runs on its newest one', async () => {
  const cluster = await startCluster()
  const writer = startWriter(cluster)
  const member = cluster.member('n3')
  await acknowledgedMore(writer)
  await member.end('SIGKILL')
  const [copy, newest] = [`${member.dataDir}.copy`, `${member.dataDir}.newest`]
  cpSync(member.dataDir, copy, { recursive: true })
  for (let i = 0; i < 2; i++) {
    member.start()
    await member.ready()
    await member.end('SIGKILL')
  }
  renameSync(member.dataDir, newest)
  renameSync(copy, member.dataDir)
  for (let i = 0; i < 4; i++) expect(await endsByItself(member)).toMatch(/older copy of this member's directory/)
  rmSync(member.dataDir, { recursive: true })
  renameSync(newest, member.dataDir)
  member.start()
  await member.ready()
  await acknowledgedMore(writer)
  await writer.stop()
  await expectWhole(cluster, writer)
})

test('two processes on copies of one directory: the second ends by itself, the others tell, and the first goes on', async () => {
  const cluster = await startCluster()
  const member = cluster.member('n3')
  await member.end('SIGTERM')
  const directory = join(member.dataDir, '..', 'second')
  cpSync(member.dataDir, join(directory, 'n3'), { recursive: true })
  member.start()
  await member.ready()
  const [ports] = await anyPorts(1)
  const clientAddress = `127.0.0.1:${ports?.client}`
  const second = new MemberProcess({
    id: 'n3',
    cli: CLI,
    config: cluster.config,
    directory,
    clientAddress,
    arguments: ['--bind-peer', `127.0.0.1:${ports?.peer}`, '--bind-client', clientAddress],
  })
  onTestFinished(async () => {
    await second.end('SIGKILL')
  })
  expect(await endsByItself(second)).toMatch(/another process runs as this member.*RAFT_MEMBER_RUNS_TWICE/)
  await until('the others tell', () => others(cluster, member).some((other) => hasTold(other, 'RAFT_MEMBER_RUNS_TWICE', 'n3')))
  const writer = startWriter(cluster)
  await acknowledgedMore(writer)
  await writer.stop()
  await expectWhole(cluster, writer)
})
