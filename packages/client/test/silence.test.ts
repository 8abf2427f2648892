import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AbortedError, ConnectionError, OutcomeUnknownError, type RaftClient, TimeoutError } from '../src/index.js'
import { decodeGet, RequestKind } from '../src/protocol/index.js'
import { A, B, C, Cluster, outcome } from './support/cluster.js'

let cluster: Cluster
let client: RaftClient

/** A tenth of `silenceTimeout`, half as much because members are looked at now and then, and the way to another member. */
const A_MOMENT = 800
const local = { consistency: 'local' } as const

beforeEach(async () => {
  cluster = new Cluster()
  client = cluster.client()
  const ready = outcome(client.put('first', 0))
  await cluster.clock.run(100)
  expect(ready.settled).toBe(true)
  await cluster.clock.run(1_000)
  cluster.received.length = 0
})

afterEach(async () => {
  await client.close()
})

const askedAt = (address: string, kind: number) =>
  cluster.received.filter((request) => request.address === address && request.kind === kind).length

/** Where local reads go. */
async function reader(): Promise<string> {
  const seen = outcome(client.get('first', local))
  await cluster.clock.run(10)
  expect(seen.value).toBe(0)
  const { address } = cluster.received.filter(({ kind }) => kind === RequestKind.Get).at(-1) as { address: string }
  expect(address).not.toBe(A)
  return address
}

/** Members answer reads, and how they are, after so many milliseconds. */
function answersAfter(milliseconds: number): Cluster['intercept'] {
  return (address, request, { endpoint }) => {
    if (request.kind === RequestKind.Write) return false
    cluster.clock.schedule(cluster.clock.now() + milliseconds, () => {
      if (request.kind === RequestKind.Get) endpoint.get(request.id, { revision: 1, entry: cluster.store.get(decodeGet(request.body).key) })
      else endpoint.status(request.id, cluster.status(address))
    })
    return true
  }
}

/** A client whose members answer only when the test says so, and which is patient with their connections. */
async function heldBack(options: { maxPending?: number } = {}) {
  const patient = cluster.client({ connectTimeout: 30_000, silenceTimeout: 30_000, ...options })
  outcome(patient.statusOfAll())
  outcome(patient.waitForLeader())
  await cluster.clock.run(100)
  const held: { address: string; answer: () => void }[] = []
  const probes: typeof held = []
  const entry = { key: Buffer.from('k'), value: Buffer.from('1'), createRevision: 1, modRevision: 1, version: 1 }
  cluster.intercept = (address, request, { endpoint }) => {
    if (request.kind === RequestKind.Get) held.push({ address, answer: () => endpoint.get(request.id, { revision: 1, entry }) })
    else probes.push({ address, answer: () => endpoint.status(request.id, cluster.status(address)) })
    return true
  }
  return { held, probes, patient }
}

describe('a member that hangs with its connection open', () => {
  test('its local reads are answered by another, whatever they ask for', async () => {
    cluster.network.hung.add(await reader())
    const seen = [
      outcome(client.get('first', local)),
      outcome(client.getEntry('first', local)),
      outcome(client.page({ ...local, prefix: 'fi' })),
      outcome(client.get('first', { ...local, timeout: Number.POSITIVE_INFINITY })),
    ]
    await cluster.clock.run(A_MOMENT)
    expect(seen.map(({ value, error }) => error ?? value)).toMatchObject([0, { value: 0 }, { entries: [{ key: 'first' }] }, 0])
    expect(client.statistics().retries.silence).toBe(4)
  })

  test('a range goes on with the next page at another', async () => {
    for (let i = 0; i < 6; i++) outcome(client.put(`k${i}`, i))
    await cluster.clock.run(100)
    const follower = await reader()
    const entries: unknown[] = []
    const read = outcome(
      (async () => {
        for await (const { value } of client.range({ ...local, prefix: 'k', pageSize: 2 })) {
          entries.push(value)
          if (value === 2) cluster.network.hung.add(follower)
        }
      })(),
    )
    await cluster.clock.run(A_MOMENT)
    expect(read.settled).toBe(true)
    expect(entries).toEqual([0, 1, 2, 3, 4, 5])
  })

  test('is asked for nothing more until it gives a sign of life, and what it answers late is ignored', async () => {
    const follower = await reader()
    cluster.network.hung.add(follower)
    const first = outcome(client.get('first', local))
    await cluster.clock.run(A_MOMENT)
    expect(first.value).toBe(0)
    const more = Array.from({ length: 10 }, () => outcome(client.get('first', local)))
    await cluster.clock.run(10)
    expect(more.every(({ value }) => value === 0)).toBe(true)
    const before = askedAt(follower, RequestKind.Get)
    cluster.network.wake(follower)
    await cluster.clock.run(10)
    expect(askedAt(follower, RequestKind.Get)).toBe(before + 1)
    expect(client.statistics()).toMatchObject({ lateResponses: 1, disconnects: 0, pending: 0, waiting: 0 })
    expect(await reader()).toBe(follower)
  })

  test('loses its connection in the end, and is read from again when it has come back', async () => {
    cluster.network.hung.add(B).add(C)
    const seen = outcome(client.get('first', local))
    await cluster.clock.run(2 * A_MOMENT)
    expect(seen.value).toBe(0)
    expect(askedAt(A, RequestKind.Get)).toBe(1)
    await cluster.clock.run(2_000)
    expect(client.statistics().disconnects).toBeGreaterThan(0)
    cluster.network.wake(B)
    cluster.network.wake(C)
    for (let i = 0; i < 30; i++) {
      outcome(client.get('first', local))
      await cluster.clock.run(100)
    }
    expect(await reader()).not.toBe(A)
  })

  test('a status of it is an error within connectTimeout and a moment, and those of the others are told', async () => {
    cluster.network.hung.add(B)
    const one = outcome(client.status(B, { timeout: Number.POSITIVE_INFINITY }))
    const all = outcome(client.statusOfAll())
    await cluster.clock.run(1_300)
    expect(one.error).toBeInstanceOf(ConnectionError)
    expect(String(one.error)).toMatch(/n2:1 sent nothing for 1000 ms while answers were due/)
    expect(all.value?.map(({ status, error }) => status?.memberId ?? error?.code)).toEqual(['n1', 'RAFT_CONNECTION', 'n3'])
  })

  test('as leader, with a write that may not be sent again: its status is an error all the same, and the write waits', async () => {
    cluster.network.hung.add(A)
    const write = outcome(client.put('a', 1))
    const status = outcome(client.status(A))
    await cluster.clock.run(1_300)
    expect(status.error).toBeInstanceOf(ConnectionError)
    expect(write.settled).toBe(false)
  })

  test('that led: reads and statuses go to the next leader, and so does a write that was not sent', async () => {
    const narrow = cluster.client({ maxPending: 3 })
    outcome(narrow.waitForLeader())
    await cluster.clock.run(100)
    cluster.network.hung.add(A)
    cluster.elect(B)
    const sent = outcome(narrow.put('sent', 1))
    const reads = [outcome(narrow.get('first')), outcome(narrow.status())]
    const unsent = outcome(narrow.put('unsent', 1))
    await cluster.clock.run(A_MOMENT)
    expect(reads.map(({ value, error }) => error ?? value)).toMatchObject([0, { memberId: 'n2', role: 'leader' }])
    expect(sent.error).toBeInstanceOf(OutcomeUnknownError)
    expect(unsent.value).toMatchObject({ version: 1 })
    cluster.network.wake(A)
    await cluster.clock.run(100)
    expect(askedAt(A, RequestKind.Write) + askedAt(B, RequestKind.Write)).toBeLessThanOrEqual(2)
    await narrow.close()
  })

  test('that led, and nobody else does: a new write is kept back, so that it certainly has no effect when its time is over', async () => {
    cluster.network.hung.add(A)
    const sent = outcome(client.put('sent', 1))
    await cluster.clock.run(A_MOMENT)
    const kept = outcome(client.put('kept', 1, { timeout: 500 }))
    await cluster.clock.run(600)
    expect(kept.error).toBeInstanceOf(TimeoutError)
    expect(kept.error).toMatchObject({ outcomeUnknown: false, cause: expect.any(ConnectionError) })
    expect(String(kept.error)).toMatch(/n1:1, which led, owes answers and sends nothing/)
    cluster.network.wake(A)
    await cluster.clock.run(100)
    expect(sent.value).toMatchObject({ version: 1 })
    expect(cluster.store.entries.size).toBe(2)
  })

  test('is noticed although every call gives up long before', async () => {
    cluster.network.hung.add(A)
    cluster.elect(C)
    for (let i = 0; i < 8; i++) {
      outcome(client.get('first', { timeout: 50 }))
      await cluster.clock.run(300)
    }
    const seen = outcome(client.get('first', { timeout: 50 }))
    await cluster.clock.run(60)
    expect(seen.value).toBe(0)
  })

  test('is noticed although its socket takes nothing any more and all that was sent has timed out', async () => {
    cluster.network.congested.add(A)
    cluster.network.hung.add(A)
    cluster.elect(C)
    const first = outcome(client.put('a', 1, { timeout: 50 }))
    await cluster.clock.run(100)
    expect(first.error).toBeInstanceOf(OutcomeUnknownError)
    const second = outcome(client.put('a', 2))
    await cluster.clock.run(2_000)
    expect(second.value).toMatchObject({ version: 1 })
  })

  test('is noticed although an answer from before came when it had already been asked who leads', async () => {
    const follower = await reader()
    const held: (() => void)[] = []
    let isSwallowing = true
    cluster.leader = null
    cluster.staleHints.set(A, null)
    cluster.intercept = (address, request, session) => {
      if (address !== follower || !isSwallowing) return false
      if (request.kind === RequestKind.Get) held.push(() => session.endpoint.get(request.id, { revision: 1, entry: null }))
      return true
    }
    outcome(client.get('first', local))
    await cluster.clock.run(10)
    const seen = outcome(client.put('a', 1))
    await cluster.clock.run(50)
    expect(askedAt(follower, RequestKind.Status)).toBe(1)
    held.shift()?.()
    await cluster.clock.run(10)
    isSwallowing = false
    cluster.elect(follower)
    await cluster.clock.run(4_000)
    expect(seen.value).toMatchObject({ version: 1 })
  })

  test('alone: nothing is sent to it twice while it hangs, few connections are made, and the read is answered when it wakes', async () => {
    const single = cluster.client({ members: [A] })
    cluster.kill(B)
    cluster.kill(C)
    cluster.intercept = (_address, request, { endpoint }) => {
      if (request.kind !== RequestKind.Status) return false
      const status = { memberId: 'n1', clusterId: 'test', role: 'leader', term: 1, leaderId: 'n1', members: [] }
      endpoint.status(request.id, { ...status, commitIndex: 1, appliedIndex: 1, revision: 1 })
      return true
    }
    outcome(single.waitForLeader())
    await cluster.clock.run(100)
    cluster.received.length = 0
    cluster.network.attempts.length = 0
    cluster.network.hung.add(A)
    const seen = [outcome(single.get('first', { ...local, timeout: 60_000 })), outcome(single.get('first', { timeout: 60_000 }))]
    await cluster.clock.run(20_000)
    expect(cluster.network.attempts.length).toBeLessThan(30)
    cluster.network.wake(A)
    await cluster.clock.run(3_000)
    expect(seen.map(({ value }) => value)).toEqual([0, 0])
    await single.close()
  })
})

describe('a member that is slow', () => {
  test('and answers when it is asked for its status is not left for another', async () => {
    const follower = await reader()
    const late: (() => void)[] = []
    cluster.intercept = (address, request, session) => {
      if (request.kind !== RequestKind.Get || address !== follower) return false
      late.push(() => session.endpoint.get(request.id, { revision: 1, entry: null }))
      return true
    }
    const seen = outcome(client.get('first', local))
    await cluster.clock.run(4_000)
    expect(seen.settled).toBe(false)
    for (const answer of late) answer()
    await cluster.clock.run(10)
    expect(seen).toMatchObject({ settled: true, value: undefined, error: undefined })
    expect(client.statistics()).toMatchObject({ disconnects: 0, retries: { silence: 0 } })
  })

  test('and is asked one thing after another keeps its connection, for earlier silence does not count against a new request', async () => {
    cluster.intercept = answersAfter(850)
    const single = cluster.client({ members: [A] })
    const reads = outcome(
      (async () => {
        for (let i = 0; i < 5; i++) await single.get('first', { timeout: 2_000 })
      })(),
    )
    await cluster.clock.run(10_000)
    expect(reads).toMatchObject({ settled: true, error: undefined })
    expect(single.statistics()).toMatchObject({ disconnects: 0, retries: { connection: 0 } })
    await single.close()
  })

  test('like all others answers a local read all the same: each is asked once, and the first answer counts', async () => {
    cluster.intercept = answersAfter(850)
    const seen = outcome(client.get('first', { ...local, timeout: 6_000 }))
    await cluster.clock.run(800)
    expect(client.statistics()).toMatchObject({ pending: 1, retries: { silence: 1 } })
    await cluster.clock.run(60)
    expect(seen.value).toBe(0)
    expect(client.statistics()).toMatchObject({ pending: 0, waiting: 0, disconnects: 0, lateResponses: 0 })
    await cluster.clock.run(2_000)
    const gets = cluster.received.filter(({ kind }) => kind === RequestKind.Get)
    expect(client.statistics()).toMatchObject({ pending: 0, lateResponses: gets.length - 1 })
    expect(new Set(gets.map(({ address }) => address)).size).toBe(gets.length)
    expect(await Promise.all([client.get('first', local), cluster.clock.run(900)])).toEqual([0, undefined])
  })

  test('is not asked again while it owes the answer, and what it answers is taken once, also from where it was left', async () => {
    const { held, probes, patient } = await heldBack()
    const abort = new AbortController()
    const reads = [{ timeout: 60_000 }, { timeout: 9_000 }, { timeout: 60_000, signal: abort.signal }].map((more) =>
      outcome(patient.get('k', { ...local, ...more })),
    )
    await cluster.clock.run(8_000)
    expect(patient.statistics()).toMatchObject({ pending: 3, retries: { silence: 3 } })
    abort.abort()
    await cluster.clock.run(12_000)
    expect(reads.map(({ error }) => error)).toMatchObject([undefined, expect.any(TimeoutError), expect.any(AbortedError)])
    const first = held[0]?.address
    for (const { address, answer } of probes) if (address === first) answer()
    await cluster.clock.run(4_000)
    const asked = held.length
    expect(held.filter(({ address }) => address === first).length).toBe(3)
    expect(patient.statistics()).toMatchObject({ pending: 1, waiting: 0, disconnects: 0 })
    for (const { address, answer } of held) if (address === first) answer()
    await cluster.clock.run(10)
    expect(reads[0]?.value).toBe(1)
    for (const { address, answer } of held) if (address !== first) answer()
    await cluster.clock.run(10)
    expect(patient.statistics()).toMatchObject({ pending: 0, waiting: 0, lateResponses: asked - 1 })
    await patient.close()
  })

  test('and to which a read comes back is waited for, and sent nothing', async () => {
    const { held, probes, patient } = await heldBack({ maxPending: 1 })
    const seen = outcome(patient.get('k', { ...local, timeout: 60_000 }))
    await cluster.clock.run(10)
    const ofLeader = outcome(patient.get('k', { timeout: 60_000 }))
    await cluster.clock.run(7_000)
    expect(held.map(({ address }) => address === A)).toEqual([false, true])
    expect(patient.statistics()).toMatchObject({ pending: 1, waiting: 1, retries: { silence: 1 } })
    for (const { address, answer } of probes) if (address === held[0]?.address) answer()
    await cluster.clock.run(10)
    held[1]?.answer()
    await cluster.clock.run(10)
    expect(ofLeader.value).toBe(1)
    expect(patient.statistics()).toMatchObject({ pending: 1, waiting: 0 })
    expect(held.length).toBe(2)
    held[0]?.answer()
    await cluster.clock.run(10)
    expect(seen.value).toBe(1)
    expect(patient.statistics()).toMatchObject({ pending: 0, waiting: 0, lateResponses: 0 })
    await patient.close()
  })

  test('because it is sent much is given a second more for each MiB', async () => {
    cluster.network.hung.add(A)
    const large = outcome(client.put('large', 'x'.repeat(8 * 1024 * 1024), { timeout: 60_000 }))
    await cluster.clock.run(12_500)
    expect(large.settled).toBe(false)
    cluster.network.wake(A)
    await cluster.clock.run(100)
    expect(large.value).toMatchObject({ version: 1 })
  })

  test('because its socket is still full is given the same time, although it has answered something meanwhile', async () => {
    cluster.network.congested.add(A)
    const held: (() => void)[] = []
    cluster.intercept = (_address, request, session) => {
      if (request.kind === RequestKind.Write) held.push(() => cluster.write(request, session))
      return request.kind === RequestKind.Write
    }
    const small = outcome(client.put('small', 1))
    const large = outcome(client.put('large', 'x'.repeat(8 * 1024 * 1024), { timeout: 60_000 }))
    await cluster.clock.run(10)
    held.shift()?.()
    await cluster.clock.run(10)
    expect(small.value).toMatchObject({ version: 1 })
    cluster.network.hung.add(A)
    await cluster.clock.run(12_000)
    expect(large.settled).toBe(false)
    held.shift()?.()
    await cluster.clock.run(10)
    expect(large.value).toMatchObject({ version: 1 })
  })

  test('and idle connections cost no timer and no request', async () => {
    await cluster.clock.run(10_000)
    expect(cluster.received).toEqual([])
    expect(cluster.clock.timers).toBe(0)
  })
})
