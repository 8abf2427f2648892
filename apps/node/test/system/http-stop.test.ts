import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { MemberProcess } from '../../src/local/member-process.js'
import { acknowledgedMore, startCluster, startWriter, until } from './harness.js'

/** What became of a request: an answer, or the error. */
interface Outcome {
  readonly status: number | null
  readonly isLast: boolean
  readonly retryAfter: string | null
  readonly error: string | null
}

type Send = (member: MemberProcess, key: string) => Promise<Outcome>

const describe = (error: unknown) => `${(error as NodeJS.ErrnoException).code} ${error}`

/** Each client has connections of its own, which are kept alive. */
function overAgent(): Send {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  return (member, key) =>
    new Promise((resolve) => {
      const sent = request(`${member.url}/v1/kv/${key}`, { method: 'PUT', agent }, (response) => {
        const { statusCode = 0, headers } = response
        response.resume()
        const outcome = {
          status: statusCode,
          isLast: headers.connection === 'close',
          retryAfter: headers['retry-after'] ?? null,
          error: null,
        }
        response.on('end', () => resolve(outcome))
        response.on('error', (error) => resolve({ ...outcome, error: describe(error) }))
      })
      sent.on('error', (error) => resolve({ status: null, isLast: false, retryAfter: null, error: describe(error) }))
      sent.end('v')
    })
}

/** Of all these clients together. */
const overFetch: Send = async (member, key) => {
  try {
    const response = await fetch(`${member.url}/v1/kv/${key}`, { method: 'PUT', body: 'v' })
    await response.text()
    const { status, headers } = response
    return { status, isLast: headers.get('connection') === 'close', retryAfter: headers.get('retry-after'), error: null }
  } catch (error) {
    return { status: null, isLast: false, retryAfter: null, error: describe((error as Error).cause) }
  }
}

/** Sends one request after the other, and after a refusal when it is told to, until nobody listens or something goes wrong. */
async function sendAllTheTime(send: Send, member: MemberProcess, name: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (let n = 0; ; n++) {
    const outcome = await send(member, `${name}-${n}`)
    outcomes.push(outcome)
    if (outcome.error !== null) return outcomes
    if (outcome.retryAfter !== null) await new Promise((resolve) => setTimeout(resolve, 1000 * Number(outcome.retryAfter)))
  }
}

test('clients over HTTP whose connections are kept alive get an answer to each request while a member stops, and no reset', async () => {
  const cluster = await startCluster()
  const member = await cluster.leader()
  const idle = connect({ host: '127.0.0.1', port: Number(member.clientAddress.split(':')[1]) })
  let idleError: string | null = null
  idle.on('error', (error) => {
    idleError = describe(error)
  })
  const ended = new Promise<void>((resolve) => idle.once('close', () => resolve()))
  idle.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await new Promise((resolve) => idle.once('data', resolve))
  const own = Array.from({ length: 8 }, (_, i) => sendAllTheTime(overAgent(), member, `own${i}`))
  const shared = Array.from({ length: 4 }, (_, i) => sendAllTheTime(overFetch, member, `shared${i}`))
  // Meanwhile the others are asked, too.
  const writer = startWriter(cluster)
  await acknowledgedMore(writer, 50)
  const stopped = member.end('SIGTERM')
  const histories = await Promise.all(own)
  const others = await Promise.all(shared)
  expect(await stopped).toEqual({ code: 0, signal: null })
  await ended
  expect(idleError).toBe(null)
  for (const history of [...histories, ...others]) {
    expect(history.at(-1)?.error).toMatch(/ECONNREFUSED/)
    expect(history.length).toBeGreaterThan(2)
    for (const answer of history.slice(0, -1))
      if (answer.status !== 200) expect(answer).toEqual({ status: 503, isLast: true, retryAfter: '1', error: null })
  }
  const refusals = [...histories, ...others].flat().filter(({ status }) => status === 503)
  expect(refusals.length).toBeGreaterThan(0)
  await until('the others have elected a leader', async () => (await cluster.leader()).id !== member.id)
  await acknowledgedMore(writer)
  await writer.stop()
})

test('hardly any of many clients that connect again at once, whatever they are told, meets a reset when nobody listens any more', async () => {
  const cluster = await startCluster({ members: 1 })
  const [member] = cluster.members
  if (member === undefined) throw new Error('no member')
  const clients = Array.from({ length: 100 }, async (_, i) => {
    const send = overAgent()
    for (let n = 0; ; n++) {
      const { error } = await send(member, `k${i}-${n}`)
      if (error !== null) return error
    }
  })
  await until('requests are served', async () => (await fetch(`${member.url}/healthz`)).ok)
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(await member.end('SIGTERM')).toEqual({ code: 0, signal: null })
  const resets = (await Promise.all(clients)).filter((error) => !error.includes('ECONNREFUSED'))
  expect(resets.length).toBeLessThan(10)
})
