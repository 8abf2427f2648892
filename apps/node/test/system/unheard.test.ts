import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, type TestContext, test } from 'vitest'
import { MemberProcess } from '../../src/local/member-process.js'
import type { ProcessCluster } from '../../src/local/process-cluster.js'
import { CLI, makeCluster, others, ownPorts, put, startCluster, until } from './harness.js'
import { NamespaceNetwork, whyNoNamespaces } from './network-namespaces.js'

/*
 * Members that do not hear one another, for the reasons for which that happens to those who set a cluster up: what both sides write to
 * their logs, how often, and what they answer meanwhile.
 *
 * Each test mostly waits for what must not come, so all run at the same time. What a test starts ends with that test, which is why its
 * context is handed on; `expect` is the context's, too.
 */

interface Line {
  readonly level: number
  readonly msg: string
  readonly code?: string
  readonly peer?: string
  readonly change?: string
}

const INFO = 30
const WARN = 40
/** Longer than a member waits before it tells, and than what would be repeated takes to come again; ms. */
const LONG = 15_000

const linesOf = ({ log }: MemberProcess): Line[] =>
  log
    .trimEnd()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)

/** `CODE peer` of each warning of the transport, in order. */
const warnings = (member: MemberProcess) =>
  linesOf(member).flatMap(({ level, code, peer }) => (level === WARN && code !== undefined ? [`${code} ${peer}`] : []))
const messages = (member: MemberProcess) => linesOf(member).map(({ msg }) => msg)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

interface ClusterFile {
  readonly secret: object
  readonly members: Record<string, { readonly peer: string; readonly client: string }>
}

const fileOf = (cluster: ProcessCluster) => JSON.parse(readFileSync(cluster.config, 'utf8')) as ClusterFile

/** The member, with another cluster.json than the others have. */
function differently(context: TestContext, cluster: ProcessCluster, id: string, change: (file: ClusterFile) => object): MemberProcess {
  const directory = dirname(cluster.config)
  const config = join(directory, `cluster-of-${id}.json`)
  writeFileSync(config, JSON.stringify({ ...fileOf(cluster), ...change(fileOf(cluster)) }))
  const member = new MemberProcess({ id, cli: CLI, config, directory, clientAddress: cluster.member(id).clientAddress })
  context.onTestFinished(async () => {
    await member.end('SIGKILL')
  })
  return member
}

async function text(member: MemberProcess, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${member.url}${path}`, { signal: AbortSignal.timeout(10_000) })
  return { status: response.status, text: await response.text() }
}

test.concurrent('a member with another secret: both sides say so once, and the member why it is not ready', async (context) => {
  const { expect } = context
  const cluster = await makeCluster({ test: context })
  const [first, second] = cluster.members as [MemberProcess, MemberProcess]
  const odd = differently(context, cluster, 'n3', () => ({ secret: { file: 'other' } }))
  writeFileSync(join(dirname(cluster.config), 'other'), `${'ab'.repeat(32)}\n`)
  for (const member of [first, second, odd]) member.start()
  await Promise.all([first.ready(), second.ready()])
  await until('the member with the other secret has told of both', () => new Set(warnings(odd)).size >= 2, 30_000)
  await until('the others have told of it', () => [first, second].every((member) => warnings(member).length > 0), 30_000)
  await pause(LONG)
  for (const member of [first, second]) expect(warnings(member)).toEqual(['RAFT_UNKNOWN_SECRET n3'])
  expect(warnings(odd)).toContain('RAFT_UNKNOWN_SECRET n1')
  expect(new Set(warnings(odd)).size).toBe(warnings(odd).length)
  const ready = await text(odd, '/readyz')
  expect(ready.status).toBe(503)
  expect(ready.text).toMatch(
    /no leader is known: n1 at 127\.0\.0\.1:\d+ has not been heard yet \(it has another secret, or another cluster id\)/,
  )
  expect(messages(odd).filter((message) => message.startsWith('no leader is known'))).toHaveLength(1)
  expect(messages(first).filter((message) => message.startsWith('no leader is known'))).toEqual([])
})

test.concurrent('a member with a wrong peer port of another: it names the port, the other says that nothing comes, each once', async (context) => {
  const { expect } = context
  const cluster = await makeCluster({ test: context })
  const [first, second] = cluster.members as [MemberProcess, MemberProcess]
  const [free] = await ownPorts(1)
  const wrong = `127.0.0.1:${free?.peer}`
  const odd = differently(context, cluster, 'n3', ({ members }) => ({ members: { ...members, n2: { ...members['n2'], peer: wrong } } }))
  for (const member of [first, second, odd]) member.start()
  await until('both have told', () => warnings(odd).length > 0 && warnings(second).length > 0, 30_000)
  await pause(LONG)
  expect(warnings(odd)).toEqual(['RAFT_PEER_PORT_CLOSED n2'])
  expect(messages(odd).some((message) => message.includes(`nobody listens at ${wrong}`))).toBe(true)
  expect(warnings(second)).toEqual(['RAFT_PEER_SILENT n3'])
  expect(warnings(first)).toEqual([])
})

test.concurrent('a follower that dies: the leader says that it has gone, why, and since when; that it has come and caught up when it is back', async (context) => {
  const { expect } = context
  const cluster = await startCluster({ test: context })
  const leader = await cluster.leader()
  const [follower, third] = others(cluster, leader) as [MemberProcess, MemberProcess]
  const { id } = follower
  const about = (member: MemberProcess) => messages(member).filter((message) => message.startsWith(`${id} has`))
  await until('the leader has said that it has come', () => about(leader).length === 1)
  await follower.end('SIGKILL')
  for (let i = 0; i < 20; i++) expect((await put(leader, `k${i}`, 'v')).status).toBe(200)
  await until('the leader has said why it does not hear it', () => warnings(leader).length > 0, 30_000)
  await pause(LONG)
  expect(warnings(leader)).toEqual([`RAFT_PEER_PORT_CLOSED ${id}`])
  expect(about(leader)).toHaveLength(2)
  expect(about(leader)[1]).toMatch(/has gone: nothing has come from it for [2-5] s \(nobody listens there\)$/)
  const status = (await leader.getJson('/v1/status')) as {
    followers: { id: string; heardAgo: number; lag: number }[]
    peers: { id: string; trouble: string | null }[]
  }
  const dead = status.followers.find((one) => one.id === id)
  expect(dead?.heardAgo).toBeGreaterThan(LONG)
  expect(dead?.lag).toBeGreaterThanOrEqual(20)
  expect(status.followers.find((one) => one.id === third.id)?.heardAgo).toBeLessThan(2000)
  expect(status.peers.find((one) => one.id === id)?.trouble).toBe('nobody listens there')
  const metrics = (await text(leader, '/metrics')).text
  const heardSeconds = (member: string) =>
    Number(new RegExp(`^raft_follower_heard_seconds\\{member="${member}"\\} (\\S+)$`, 'm').exec(metrics)?.[1])
  expect(heardSeconds(id)).toBeGreaterThan(LONG / 1000)
  expect(heardSeconds(third.id)).toBeLessThan(2)
  follower.start()
  await follower.ready()
  await until('the leader has said that it has caught up', () => about(leader).includes(`${id} has caught up`))
  expect(about(leader)).toHaveLength(4)
  expect(about(leader)[2]).toMatch(/has come again: it was not heard for \d+ s$/)
  expect(linesOf(leader).filter(({ msg }) => msg === `${id} has caught up`)).toMatchObject([{ level: INFO, peer: id }])
  expect(messages(follower).filter((message) => message === `${leader.id} has come`)).toHaveLength(2)
  expect(warnings(leader)).toHaveLength(1)
})

test.concurrent('a member that is left alone: its 503 and its log name the others, and its pre-candidacies fill no log', async (context) => {
  const { expect } = context
  const cluster = await startCluster({ test: context, config: { timing: { requestTimeout: 2000 } } })
  const [alone, ...rest] = cluster.members as [MemberProcess, ...MemberProcess[]]
  await Promise.all(rest.map((member) => member.end('SIGKILL')))
  await until(
    'it has said that no leader is known',
    () => messages(alone).some((message) => message.startsWith('no leader is known')),
    30_000,
  )
  const { status, text: body } = await put(alone, 'k', 'v')
  expect(status).toBe(503)
  for (const { id } of rest)
    expect(body).toMatch(new RegExp(`${id} at 127\\.0\\.0\\.1:\\d+ has not been heard for \\d+ s \\(nobody listens there\\)`))
  await pause(LONG)
  expect(messages(alone).filter((message) => message.startsWith('no leader is known'))).toHaveLength(1)
  expect(warnings(alone).toSorted()).toEqual(rest.map(({ id }) => `RAFT_PEER_PORT_CLOSED ${id}`))
  expect(messages(alone).filter((message) => message === 'transition').length).toBeLessThan(12)
})

const reason = whyNoNamespaces()

describe.skipIf(reason !== null)(reason === null ? 'a firewall' : `a firewall (skipped: ${reason})`, { concurrent: true }, () => {
  async function start(context: TestContext) {
    const network = new NamespaceNetwork(3, context)
    const cluster = await startCluster({ test: context, hosts: network.hosts, config: { timing: { requestTimeout: 2000 } } })
    const leader = await cluster.leader()
    const placeOf = (member: MemberProcess) => cluster.members.indexOf(member)
    const { members } = fileOf(cluster)
    return { network, cluster, leader, placeOf, members, followers: others(cluster, leader) as [MemberProcess, MemberProcess] }
  }

  test('that drops UDP from a follower to the leader: both say so once, each as it sees it, and when it is over', async (context) => {
    const { expect } = context
    const { network, leader, placeOf, members, followers } = await start(context)
    const [follower, third] = followers
    network.cutPort(placeOf(follower), placeOf(leader), 'udp', members[leader.id]?.peer as string)
    await until('both have told', () => warnings(leader).length > 0 && warnings(follower).length > 0, 40_000)
    await pause(LONG)
    expect(warnings(leader)).toEqual([`RAFT_PEER_SILENT ${follower.id}`])
    expect(warnings(follower)).toEqual([`RAFT_PEER_HEARS_NOTHING ${leader.id}`])
    expect(warnings(third)).toEqual([])
    network.heal()
    await until('the leader says that it has come', () =>
      messages(leader).some((message) => message.startsWith(`${follower.id} has come again`)),
    )
    await until('and has caught up', () => messages(leader).includes(`${follower.id} has caught up`))
    await until('the follower says that it is heard', () => messages(follower).includes(`${leader.id} hears this member again`))
    expect([warnings(leader).length, warnings(follower).length]).toEqual([1, 1])
  })

  test('that drops TCP to the client port of the leader alone: a follower names port and cause in its 503, in readyz and its log', async (context) => {
    const { expect } = context
    const { network, leader, placeOf, members, followers } = await start(context)
    const [follower] = followers
    const client = members[leader.id]?.client as string
    network.cutPort(placeOf(follower), placeOf(leader), 'tcp', client)
    // The connection that there is, from before, must be found to be dead first.
    let answer = await put(follower, 'k', 'v')
    await until('a request is refused', async () => {
      answer = await put(follower, 'k', 'v')
      return answer.status === 503
    })
    const cause = `${leader.id} leads, but takes no requests from here: the connection to ${leader.id} at ${client} failed: it did not answer within 1000 ms`
    await until('the cause is known', async () => (await put(follower, 'k', 'v')).text.includes(cause))
    expect(await text(follower, '/readyz')).toMatchObject({ status: 503, text: expect.stringContaining(cause) })
    await pause(5000)
    const failure = `the connection to ${leader.id} at ${client} failed: it did not answer within 1000 ms`
    expect(messages(follower).filter((message) => message === failure)).toHaveLength(1)
    expect(warnings(follower)).toEqual([])
    network.heal()
    await follower.ready()
    expect(messages(follower)).toContain(`the connection to ${leader.id} at ${client} is there again`)
    expect((await put(follower, 'k', 'v')).status).toBe(200)
  })
})
