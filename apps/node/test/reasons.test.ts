import { connect, createServer, type Server, type Socket } from 'node:net'
import { tcpConnector } from '@raft/client'
import { RequestKind } from '@raft/client/protocol'
import { encodePut } from '@raft/commands'
import type { Member, Transition } from '@raft/core'
import { expect, onTestFinished, test } from 'vitest'
import { Account } from '../src/account.js'
import { NoLeaderError } from '../src/errors.js'
import { createNode, nodeClock } from '../src/index.js'
import { LeaderAccess } from '../src/routing/leader-access.js'
import { MemberSeal } from '../src/routing/member-seal.js'
import type { LeaderTask } from '../src/routing/operation.js'
import { onePair, SECRET, startInProcess, temporaryDirectory } from './cluster.js'

const TASK: LeaderTask<number> = {
  isWrite: false,
  bytes: 5,
  kind: RequestKind.Write,
  body: () => encodePut(Buffer.from('k'), Buffer.from('v')),
  decode: () => 1,
  local: () => {},
}

function accessTo(leader: Member | null, connector = tcpConnector, id = 'self') {
  const told: string[] = []
  const recovered: string[] = []
  let transition: (transition: Transition) => void = () => {}
  const node = {
    id,
    leader,
    on: (_name: 'transition', listener: typeof transition) => {
      transition = listener
      return () => {}
    },
  }
  const access = new LeaderAccess({
    account: new Account(1e6),
    node,
    clusterId: 'c',
    clock: nodeClock,
    connector,
    maxPending: 100,
    maxWaitingBytes: 1e6,
    silenceTimeout: 60_000,
    onProblem: (message) => told.push(message),
    onRecovered: (message) => recovered.push(message),
    whyNoLeader: () => 'no leader is known: because',
  })
  onTestFinished(() => access.stop())
  return { access, told, recovered, lead: (leaderId: string) => transition({ role: 'follower', term: 2, leaderId }) }
}

/** What a request says that has waited for so many ms in vain. */
async function complaint(access: LeaderAccess, timeout: number): Promise<string> {
  const error = await access.run(TASK, timeout).then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(NoLeaderError)
  return (error as Error).message
}

async function listening(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as { port: number }).port
}

const memberAt = (port: number): Member => ({ id: 'n1', addresses: { client: `127.0.0.1:${port}` } })

test('a request that waited for a leader in vain says why none is known', async () => {
  const { access } = accessTo(null)
  expect(await complaint(access, 100)).toMatch(/^no leader could be reached within \d+ ms: no leader is known: because$/)
})

test('a leader whose client port nobody has is named with its address and the cause, until it can be reached', async () => {
  const { client: port } = await onePair()
  const { access, told, lead } = accessTo(memberAt(port))
  expect(access.leaderTrouble()).toBeNull()
  const failure = `the connection to n1 at 127.0.0.1:${port} failed: connect ECONNREFUSED 127.0.0.1:${port}`
  expect(await complaint(access, 200)).toContain(`n1 leads, but takes no requests from here: ${failure}`)
  expect(access.leaderTrouble()).toBe(`n1 leads, but takes no requests from here: ${failure}`)
  expect(new Set(told)).toEqual(new Set([failure]))
  lead('n1')
  expect(access.leaderTrouble()).toBeNull()
})

test('a leader whose client port takes connections and says nothing is named with the time that it had', async () => {
  const port = await listening(createServer((socket) => onTestFinished(() => void socket.destroy())))
  const { access } = accessTo(memberAt(port))
  expect(await complaint(access, 200)).toContain(`n1 leads, but there is no connection to its client address 127.0.0.1:${port} yet`)
  expect(await complaint(access, 1500)).toContain(`the connection to n1 at 127.0.0.1:${port} failed: it did not answer within 1000 ms`)
})

test('a leader that does not take the seal is named as one with another secret', async () => {
  const other = await startInProcess(1, { secret: 'another secret of the cluster' })
  const seal = await MemberSeal.derive([SECRET], 'c')
  const [address = ''] = other.addresses
  const { access } = accessTo({ id: 'n1', addresses: { client: address } }, seal.connector)
  expect(await complaint(access, 1000)).toContain(
    `the connection to n1 at ${address} failed: it does not know this secret, or is of another cluster`,
  )
})

test('a leader that was unreachable is tried again by who asks whether it is, and that it is back is told', async () => {
  const { client: port } = await onePair()
  const { access, recovered } = accessTo(memberAt(port))
  await complaint(access, 200)
  const cluster = await createNode({
    id: 'n1',
    clusterId: 'c',
    members: { n1: { peer: `127.0.0.1:${(await onePair()).peer}`, client: `127.0.0.1:${port}` } },
    secret: SECRET,
    dataDir: temporaryDirectory(),
    stopTimeout: 200,
  })
  onTestFinished(() => cluster.stop())
  while (access.leaderTrouble() !== null) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(recovered).toEqual([`the connection to n1 at 127.0.0.1:${port} is there again`])
})

test('a leader whose connection breaks once, and which takes the next one, is not called unreachable meanwhile', async () => {
  const { client: port } = await onePair()
  const cluster = await createNode({
    id: 'n1',
    clusterId: 'c',
    members: { n1: { peer: `127.0.0.1:${(await onePair()).peer}`, client: `127.0.0.1:${port}` } },
    secret: SECRET,
    dataDir: temporaryDirectory(),
    stopTimeout: 200,
  })
  onTestFinished(() => cluster.stop())
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    const onwards = connect(port, '127.0.0.1')
    socket.on('error', () => {}).pipe(onwards)
    onwards.on('error', () => {}).pipe(socket)
    socket.on('close', () => onwards.destroy())
  })
  const front = await listening(server)
  const { access, told } = accessTo(memberAt(front))
  await access.run(TASK, 5000)
  sockets[0]?.resetAndDestroy()
  while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(access.leaderTrouble()).toBeNull()
  server.close()
  for (const socket of sockets) socket.resetAndDestroy()
  while (access.leaderTrouble() === null) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(access.leaderTrouble()).toContain(`takes no requests from here: the connection to n1 at 127.0.0.1:${front} failed`)
})

test('a leader that cannot confirm that it leads says so itself', async () => {
  const { access } = accessTo({ id: 'self', addresses: {} })
  expect(await complaint(access, 100)).toContain('this member leads, but a majority of the members does not confirm it in time')
})

test('over HTTP and in readyz, a member that is alone says whom it does not hear and why', async () => {
  const cluster = await startInProcess(3, { requestTimeout: 2500 }, 1)
  const [node] = cluster.nodes
  if (node === undefined) throw new Error('no node')
  const url = cluster.url(node)
  const missing = (id: string) => `${id} at ${cluster.members[id]?.peer} has not been heard yet (nobody listens there)`
  const answer = await fetch(`${url}/v1/kv/k`, { method: 'PUT', body: 'v' })
  const { error } = (await answer.json()) as { error: { code: string; message: string } }
  expect([answer.status, error.code]).toEqual([503, 'RAFT_NO_LEADER'])
  expect(error.message).toContain(`no leader is known: ${missing('n2')}; ${missing('n3')}`)
  const ready = await fetch(`${url}/readyz`)
  expect(ready.status).toBe(503)
  expect(await ready.text()).toContain(missing('n3'))
  await expect(node.put('k', 'v')).rejects.toThrow(missing('n2'))
  const { peers } = (await (await fetch(`${url}/v1/status`)).json()) as { peers: object[] }
  expect(peers).toMatchObject([
    { id: 'n2', heardAgo: null, trouble: 'nobody listens there' },
    { id: 'n3', heardAgo: null, trouble: 'nobody listens there' },
  ])
})

test('a leader shows when each follower was heard, in status and metrics, and that one which has not come was never heard', async () => {
  const cluster = await startInProcess(3, {}, 2)
  const leader = cluster.leader()
  const url = cluster.url(leader)
  await leader.put('k', 'v')
  const { followers } = (await (await fetch(`${url}/v1/status`)).json()) as {
    followers: { id: string; heardAgo: number | null; lag: number }[]
  }
  const metrics = await (await fetch(`${url}/metrics`)).text()
  for (const { id, heardAgo, lag } of followers) {
    if (id === 'n3') {
      expect(heardAgo).toBeNull()
      expect(lag).toBeGreaterThan(0)
      expect(metrics).toContain('raft_follower_heard_seconds{member="n3"} +Inf')
    } else {
      expect(heardAgo).toBeLessThan(5000)
      expect(metrics).toMatch(new RegExp(`raft_follower_heard_seconds\\{member="${id}"\\} [0-4](\\.|\\n)`))
      expect(metrics).toMatch(new RegExp(`raft_follower_lag_entries\\{member="${id}"\\} \\d`))
    }
  }
  expect(followers).toHaveLength(2)
})
