import type { Range, StoreResult } from '@raft/commands'
import type { EntryBatch, NodeStatus } from '@raft/core'
import { MemoryLogStorage, MemoryNetwork } from '@raft/core/memory'
import { KeyValueStore } from '@raft/state-machine'
import { expect, onTestFinished, test } from 'vitest'
import { type CreateNodeOptions, createNode, nodeClock, type RaftNode } from '../src/index.js'
import { Vitals } from '../src/vitals.js'
import { FailingStorage, onePair, SECRET, silentLogger, startInProcess } from './cluster.js'
import { ProtocolClient } from './port.js'

type Figures = Pick<NodeStatus, 'leaderId' | 'lastApplied' | 'lastLogIndex' | 'knownCommitIndex'>

/** A member whose figures the test gives. */
function scripted(figures: Partial<Figures>) {
  const status: { -readonly [K in keyof Figures]: Figures[K] } = {
    leaderId: 'n1',
    lastApplied: 0,
    lastLogIndex: 0,
    knownCommitIndex: 0,
    ...figures,
  }
  const way = { trouble: null as string | null }
  const outlook = { whyNoLeader: () => 'no leader is known: n2 is gone', leaderTrouble: () => way.trouble }
  const vitals = new Vitals({ status: () => status, on: () => () => {} }, outlook)
  vitals.started()
  return { status, vitals, way }
}

/** A store that applies what is committed only once the test lets it. */
class HeldStore {
  readonly #store = new KeyValueStore()
  release = (): void => {}
  readonly #released = new Promise<void>((resolve) => {
    this.release = resolve
  })

  async apply(entries: EntryBatch): Promise<readonly (StoreResult | undefined)[]> {
    await this.#released
    return this.#store.apply(entries)
  }

  get lastApplied(): number {
    return this.#store.lastApplied
  }

  get revision(): number {
    return this.#store.revision
  }

  get size(): number {
    return this.#store.size
  }

  get(key: Uint8Array) {
    return this.#store.get(key)
  }

  range(request: Range) {
    return this.#store.range(request)
  }

  digest(): string {
    return this.#store.digest()
  }
}

async function readiness(url: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${url}/readyz`)
  return { status: response.status, text: await response.text() }
}

async function soleMember(more: Partial<CreateNodeOptions> = {}) {
  const { peer, client } = await onePair()
  const members = { n1: { peer: `127.0.0.1:${peer}`, client: `127.0.0.1:${client}` } }
  const options = { id: 'n1', members, secret: SECRET, stopTimeout: 500, logger: silentLogger, ...more }
  const start = async (again: Partial<CreateNodeOptions> = {}): Promise<RaftNode> => {
    const node = await createNode({ ...options, ...again })
    onTestFinished(() => node.stop())
    return node
  }
  return { start, url: `http://127.0.0.1:${client}`, client }
}

test('a member that restarts is not ready before it has applied what its log holds, and says how much is still to come', async () => {
  const { start, url } = await soleMember({ storage: new MemoryLogStorage(nodeClock) })
  const first = await start()
  await Promise.all(Array.from({ length: 1500 }, (_, i) => first.put(`k${i}`, 'v')))
  expect((await readiness(url)).status).toBe(200)
  await first.stop()
  const stateMachine = new HeldStore()
  const second = await start({ stateMachine })
  await second.waitUntilLeader('n1')
  const early = await readiness(url)
  expect(early.status).toBe(503)
  expect(early.text).toMatch(/NOT_READY.*this member has applied 0 of 150\d entries: 150\d are still to come/)
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  stateMachine.release()
  await second.get('k0')
  expect((await readiness(url)).status).toBe(200)
})

test('a follower that joins with an empty log is not ready before it has what the leader has committed', async () => {
  const stateMachine = new HeldStore()
  const cluster = await startInProcess(3, {}, 2)
  const leader = cluster.leader()
  await Promise.all(Array.from({ length: 1500 }, (_, i) => leader.put(`k${i}`, 'v')))
  const late = await createNode({ ...cluster.options('n3'), stateMachine })
  onTestFinished(() => late.stop())
  await late.waitForLeader()
  await leader.put('k', 'v')
  expect((await readiness(cluster.url(late))).status).toBe(503)
  stateMachine.release()
  while (late.store.lastApplied < leader.store.lastApplied) await new Promise((resolve) => setTimeout(resolve, 5))
  expect((await readiness(cluster.url(late))).status).toBe(200)
})

test('a member is not ready without a leader, nor before it has heard what is committed', () => {
  const { status, vitals } = scripted({ leaderId: null })
  expect(vitals.readiness()).toBe('no leader is known: n2 is gone')
  status.leaderId = 'n2'
  expect(vitals.readiness()).toMatch(/not said yet what is committed/)
  status.knownCommitIndex = 1
  status.lastApplied = 1
  expect(vitals.readiness()).toBeNull()
})

test('a member that cannot forward to the leader is not ready, and says why, until it can', () => {
  const { vitals, way } = scripted({ lastApplied: 1, lastLogIndex: 1, knownCommitIndex: 1 })
  way.trouble = 'n2 leads, but takes no requests from here'
  expect(vitals.readiness()).toBe(way.trouble)
  way.trouble = null
  expect(vitals.readiness()).toBeNull()
})

test('what the log held at the start counts as committed, until a leader has replaced it', () => {
  const { status, vitals } = scripted({ lastLogIndex: 5000, knownCommitIndex: 10, lastApplied: 10 })
  expect(vitals.readiness()).toMatch(/applied 10 of 5000 entries: 4990 are/)
  status.lastLogIndex = 20
  status.knownCommitIndex = 20
  expect(vitals.readiness()).toMatch(/10 are still/)
  status.lastApplied = 20
  expect(vitals.readiness()).toBeNull()
})

test('under load a member is ready once it has what was committed when it was asked first', () => {
  const { status, vitals } = scripted({ lastLogIndex: 50_000, knownCommitIndex: 50_000 })
  expect(vitals.readiness()).toMatch(/50000 are still/)
  status.knownCommitIndex = 90_000
  status.lastApplied = 49_999
  expect(vitals.readiness()).toMatch(/40001 are still/)
  status.lastApplied = 50_000
  expect(vitals.readiness()).toBeNull()
})

test('a member that was ready stays so under load, and is no longer when it falls far behind, until it has caught up', () => {
  const { status, vitals } = scripted({ lastApplied: 1, knownCommitIndex: 1 })
  expect(vitals.readiness()).toBeNull()
  status.knownCommitIndex = 100_001
  expect(vitals.readiness()).toBeNull()
  status.knownCommitIndex = 100_002
  expect(vitals.readiness()).toMatch(/100001 are still to come/)
  status.lastApplied = 100_001
  expect(vitals.readiness()).toMatch(/1 are still to come/)
  status.lastApplied = 100_002
  expect(vitals.readiness()).toBeNull()
})

test('a member that has died says so and why: its health, its readiness, and every call at once', async () => {
  const storage = new FailingStorage()
  const { start, url, client } = await soleMember({ storage, requestTimeout: 60_000 })
  const node = await start()
  await node.put('k', 'v')
  const protocol = await ProtocolClient.dial(client)
  await protocol.get(1, 'local').flush().answered(1)
  storage.fails = true
  await expect(node.put('k', 'w')).rejects.toMatchObject({ code: 'RAFT_OUTCOME_UNKNOWN' })
  await expect(node.stopped).rejects.toThrow('the disk is full')
  for (const path of ['/healthz', '/readyz']) {
    const answer = await fetch(`${url}${path}`)
    expect(answer.status).toBe(503)
    expect(await answer.text()).toMatch(/this member has died: the log storage failed to write: the disk is full/)
  }
  const message = expect.stringContaining('the disk is full')
  for (const call of [
    () => node.get('k'),
    () => node.get('k', { consistency: 'local' }),
    () => node.page(),
    () => node.page({ consistency: 'local' }),
    () => node.put('k', 'x'),
    () => node.delete('k'),
    () => node.compareAndSet('k', 0, 'x'),
  ])
    await expect(call()).rejects.toMatchObject({ code: 'RAFT_CLOSED', message })
  for (const call of [() => node.propose(new Uint8Array(1)), () => node.readIndex(), () => node.waitForLeader()])
    await expect(call()).rejects.toMatchObject({ code: 'RAFT_STOPPED', message })
  for (const path of ['/v1/kv/k', '/v1/kv/k?consistency=local', '/v1/kv']) {
    const answer = await fetch(`${url}${path}`)
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([503, 'RAFT_STOPPED'])
  }
  const late = await ProtocolClient.dial(client)
  await late.get(1, 'local').put(2).flush().answered(1, 2)
  for (const id of [1, 2]) expect(late.errorOf(id)).toMatchObject({ outcome: 'notAppended', code: 'RAFT_STOPPED' })
  await protocol.peer.over
})

test('what waits for a leader when the member dies is told so at once, and does not wait for its time to be over', async () => {
  const storage = new FailingStorage()
  const network = new MemoryNetwork(nodeClock)
  const members = { n1: { peer: 'a' }, n2: { peer: 'b' } }
  const start = async (id: 'n1' | 'n2', own: FailingStorage) => {
    const transport = network.transport(id)
    const node = await createNode({ id, members, storage: own, transport, requestTimeout: 60_000, logger: silentLogger })
    onTestFinished(() => node.stop())
    return node
  }
  const node = await start('n1', storage)
  const waiting = Promise.allSettled([node.put('k', 'v'), node.get('k')])
  storage.fails = true
  // Now there is somebody to vote for, or to be voted by, and a vote is written.
  await start('n2', new FailingStorage())
  await expect(node.stopped).rejects.toThrow('the disk is full')
  for (const result of await waiting) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'RAFT_CLOSED' } })
})

test('calls that come while a member stops are refused', async () => {
  const { start } = await soleMember({ storage: new MemoryLogStorage(nodeClock) })
  const node = await start()
  await node.put('k', 'v')
  const stopped = node.stop()
  for (const call of [() => node.put('k', 'w'), () => node.get('k'), () => node.page({ consistency: 'local' })])
    await expect(call()).rejects.toMatchObject({ code: 'RAFT_CLOSED' })
  await stopped
})
