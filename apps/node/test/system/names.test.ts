import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytes, connect } from '@raft/client'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { MemberProcess } from '../../src/local/member-process.js'
import { CLI, get, others, put, startCluster } from './harness.js'

/*
 * Real members whose addresses are names. For them, and for the commands that ask them, `localhost` means ::1 before 127.0.0.1:
 * they have a mount namespace of their own, in which /etc/hosts says so. Nothing outside of it is changed.
 */

const HOSTS = '::1 localhost\n127.0.0.1 localhost\n'

const launcher = (hosts: string) => ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', hosts]

function whyNoHosts(): string | null {
  const directory = mkdtempSync(join(tmpdir(), 'raft-names-'))
  try {
    const [command, ...rest] = launcher(hostsIn(directory)) as [string, ...string[]]
    const found = execFileSync(command, [...rest, process.execPath, '-e', RESOLVE], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    return found.trim() === '::1,127.0.0.1' ? null : `localhost means ${found.trim()} there`
  } catch (error) {
    return `no mount namespaces: ${error instanceof Error ? error.message.split('\n')[0] : error}`
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const RESOLVE = `require('node:dns').lookup('localhost', { all: true }, (_, found) => console.log(found.map(({ address }) => address).join()))`

function hostsIn(directory: string): string {
  const path = join(directory, 'hosts')
  writeFileSync(path, HOSTS)
  return path
}

const reason = whyNoHosts()
const name = reason === null ? 'members called localhost' : `members called localhost (skipped: ${reason})`

async function start(binds: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'raft-names-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const inside = launcher(hostsIn(directory))
  const cluster = await startCluster({
    hosts: binds.map((bind) => ({ address: 'localhost', bind, launcher: inside })),
  })
  /** What `raft-node` prints with these arguments. */
  const run = (...args: string[]) => {
    const [command, ...rest] = inside as [string, ...string[]]
    return execFileSync(command, [...rest, process.execPath, CLI, ...args], { encoding: 'utf8' })
  }
  return { cluster, run }
}

describe.skipIf(reason !== null)(name, () => {
  test('which listen at 0.0.0.0, and so not at the first address of their name, elect a leader, replicate, forward and fail over', async () => {
    const { cluster, run } = await start(['0.0.0.0', '0.0.0.0', '0.0.0.0'])
    const leader = await cluster.leader()
    const [follower] = others(cluster, leader) as [MemberProcess]
    expect((await put(follower, 'k', 'v')).status).toBe(200)
    expect((await get(follower, 'k')).text).toBe('v')
    const members = cluster.addresses.join(',')
    expect(run('get', 'k', '--members', members)).toBe('v')
    expect(run('put', 'k', 'v2', '--members', members)).toContain('revision')
    expect(run('status', '--members', members).match(/follower/g)).toHaveLength(2)
    const client = await connect({ members: cluster.addresses, codec: bytes })
    onTestFinished(() => client.close())
    expect(Buffer.from((await client.get('k')) ?? []).toString()).toBe('v2')
    await leader.end('SIGKILL')
    expect((await put(follower, 'k', 'v3')).status).toBe(200)
    leader.start()
    await leader.ready()
    expect((await get(leader, 'k')).text).toBe('v3')
  })

  test('of which one listens at IPv4 only, and the others at both families: every one of them can lead', async () => {
    const { cluster } = await start(['0.0.0.0', '[::]', '[::]'])
    const led = new Set<string>()
    for (let round = 0; round < 2; round++) {
      const leader = await cluster.leader()
      led.add(leader.id)
      for (const member of cluster.members) expect((await put(member, member.id, `${round}`)).status).toBe(200)
      await leader.end('SIGKILL')
      for (const member of others(cluster, leader)) expect((await put(member, member.id, `${round}`)).status).toBe(200)
      leader.start()
      await leader.ready()
    }
    expect(led.size).toBe(2)
  })
})

test('the hosts of this machine are as they were', () => {
  expect(readFileSync('/etc/hosts', 'utf8')).not.toBe(HOSTS)
})
