import { createSocket } from 'node:dgram'
import { answerAppends, makeTransport, type PeerPlan, type PeerWord } from './transport-ends.js'

/*
 * The receiving end of a measurement of the transport, as a process of its own: acknowledges what arrives, once a turn.
 */

const BUFFER_BYTES = 4 * 2 ** 20

const tell = (word: PeerWord) => process.send?.(word)
const plan = JSON.parse(process.argv[2] ?? '') as PeerPlan

process.on('disconnect', () => process.exit())

if (plan.kind === 'bare') {
  const socket = createSocket('udp4')
  let received = 0
  let isDue = false
  socket.on('message', (_bytes, from) => {
    received += 1
    if (isDue) return
    isDue = true
    setImmediate(() => {
      isDue = false
      socket.send(Buffer.from(String(received)), from.port, from.address)
    })
  })
  socket.bind(0, '127.0.0.1', () => {
    socket.setRecvBufferSize(BUFFER_BYTES)
    tell({ port: socket.address().port })
  })
} else {
  const transport = makeTransport('follower', plan)
  answerAppends(transport)
  await transport.start()
  process.on('message', ({ port }: PeerWord) => transport.setMembers(0, [{ id: 'leader', addresses: { peer: `127.0.0.1:${port}` } }]))
  tell({ port: transport.local?.port ?? 0 })
}
