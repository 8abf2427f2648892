import { bytes, CommandTooLargeError, connect } from '@raft/client'
import { ErrorCode, RequestKind } from '@raft/client/protocol'
import { encodePut } from '@raft/commands'
import { expect, onTestFinished, test } from 'vitest'
import { startInProcess } from './cluster.js'
import { PUT, startPort } from './port.js'

const MAX_VALUE = 64 * 1024
/** Over the limit of a command, and over that of a frame. */
const LARGE = Buffer.alloc(1024 * 1024)

test('a value over the limit is refused with certainty, and the writes beside it are done: from the client', async () => {
  const cluster = await startInProcess(1, { maxValueBytes: MAX_VALUE })
  const client = await connect({ members: [...cluster.addresses], codec: bytes })
  onTestFinished(() => client.close())
  const small = Array.from({ length: 100 }, (_, i) => client.put(`k${i}`, Buffer.from('v')))
  const large = client.put('large', LARGE)
  const more = Array.from({ length: 100 }, (_, i) => client.put(`l${i}`, Buffer.from('v')))
  await expect(large).rejects.toThrow(CommandTooLargeError)
  await expect(large).rejects.toMatchObject({ code: ErrorCode.TooLarge, outcomeUnknown: false })
  await Promise.all([...small, ...more])
  expect([cluster.leader().store.size, client.statistics().disconnects]).toEqual([200, 0])
})

test('and from a member that forwards', async () => {
  const cluster = await startInProcess(3, { maxValueBytes: MAX_VALUE })
  const [follower] = cluster.followers()
  if (follower === undefined) throw new Error('no follower')
  const small = Array.from({ length: 100 }, (_, i) => follower.put(`k${i}`, 'v'))
  const large = follower.put('large', LARGE.toString())
  await expect(large).rejects.toThrow(CommandTooLargeError)
  await Promise.all(small)
  expect(cluster.leader().store.size).toBe(100)
})

test('a client that does not know of the limit loses that request alone, and a request of 300 MiB ends its connection', async () => {
  const errors: string[] = []
  const { open, node } = await startPort({ protocol: { onProtocolError: (error) => errors.push(error.message) } })
  const client = await open()
  client
    .put(1)
    .ask(2, RequestKind.Write, encodePut(Buffer.from('k'), Buffer.alloc(2 * 1024 * 1024)))
    .put(3)
    .flush()
  await client.answered(2)
  expect(client.errorOf(2)).toMatchObject({ outcome: 'notAppended', code: ErrorCode.TooLarge })
  while (node.writes.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  for (const done of node.writes) done(null, PUT)
  await client.answered(1, 3)
  expect([client.errorOf(1), client.errorOf(3), errors]).toEqual([null, null, []])
  const head = Buffer.alloc(64)
  head.writeUInt32LE(300 * 1024 * 1024)
  client.peer.send(head)
  await client.peer.over
  expect(errors).toEqual([expect.stringMatching(/over the limit/)])
})
