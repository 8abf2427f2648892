// Messages a second and MB a second between two processes on loopback: `pnpm turbo run build --filter=@raft/udp-transport`,
// then `node packages/udp-transport/bench/loopback.mjs [transport|plain|bare] [bytes …]`.
import { fork } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { EntryBatch, EntryKind } from '@raft/core'
import { UdpTransport } from '@raft/udp-transport'

const [mode = 'transport', ...sizes] = process.argv.slice(2)
const SECONDS = 2
const SECRET = new Uint8Array(32).fill(1)

function transport(id, onMessage) {
  const made = new UdpTransport({
    id,
    clusterId: 'bench',
    bind: '127.0.0.1:0',
    ...(mode === 'plain' ? { insecurePlainText: true } : { secrets: [SECRET] }),
  })
  made.attach(0, { onMessage, onUnreachable() {} })
  return made
}

const reply = (matchIndex) => ({
  type: 'appendEntriesReply',
  group: 0,
  term: 1,
  success: true,
  prevLogIndex: matchIndex,
  matchIndex,
  matchTerm: 0,
})

/** Answers every message with an acknowledgement of its index, as a follower does, once a turn. */
async function follower() {
  let answered = -1
  let last = 0
  const made = transport('follower', (_from, message) => {
    last = message.entries.lastIndex
    if (answered !== -1) return
    answered = 0
    setImmediate(() => {
      answered = -1
      made.send('leader', reply(last))
    })
  })
  await made.start()
  process.send(made.local.port)
  process.on('message', (port) => {
    if (port === 'cpu') process.send(process.cpuUsage())
    else made.setMembers(0, [{ id: 'leader', addresses: { peer: `127.0.0.1:${port}` } }])
  })
}

async function leader(bytes, child, port) {
  let acknowledged = 0
  let sent = 0
  let until = 0
  const outstanding = Math.max(4, Math.min(2048, Math.floor((16 * 2 ** 20) / bytes)))
  const payload = new Uint8Array(bytes)
  let finished
  const done = new Promise((resolve) => {
    finished = resolve
  })
  const pump = () => {
    if (performance.now() > until) return finished()
    while (sent - acknowledged < outstanding) {
      sent += 1
      const entries = EntryBatch.of(sent, 1, EntryKind.Command, [payload])
      made.send('follower', { type: 'appendEntries', group: 0, term: 1, prevLogIndex: sent - 1, prevLogTerm: 1, leaderCommit: 0, entries })
    }
  }
  const made = transport('leader', (_from, message) => {
    acknowledged = Math.max(acknowledged, message.matchIndex)
    pump()
  })
  await made.start()
  child.send(made.local.port)
  made.setMembers(0, [{ id: 'follower', addresses: { peer: `127.0.0.1:${port}` } }])
  while (made.counters().sessionsOpened === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  await new Promise((resolve) => setTimeout(resolve, 50))
  const start = performance.now()
  const cpu = process.cpuUsage()
  until = start + SECONDS * 1000
  pump()
  await done
  const seconds = (performance.now() - start) / 1000
  const used = process.cpuUsage(cpu)
  const counters = made.counters()
  report(
    bytes,
    acknowledged,
    seconds,
    `leader cpu ${(((used.user + used.system) / 1e6 / seconds) * 100).toFixed(0)} %, ` +
      `retransmitted ${counters.fragmentsRetransmitted}, probes ${counters.probeTimeouts}, datagrams ${counters.datagramsSent}`,
  )
  if (process.env.COUNTERS) console.log(counters)
  await made.close()
}

function report(bytes, messages, seconds, more = '') {
  const rate = messages / seconds
  console.log(
    `${mode} ${String(bytes).padStart(8)} B  ${rate.toFixed(0).padStart(8)} messages/s  ${((rate * bytes) / 1e6).toFixed(0).padStart(6)} MB/s  ${more}`,
  )
}

/** Bare sockets: each datagram carries up to 60 kB of the message, and is acknowledged by a count; nothing is lost or resent. */
function bareFollower() {
  const socket = createSocket('udp4')
  let received = 0
  let due = false
  socket.on('message', (_bytes, from) => {
    received += 1
    if (due) return
    due = true
    setImmediate(() => {
      due = false
      socket.send(Buffer.from(String(received)), from.port, from.address)
    })
  })
  socket.bind(0, '127.0.0.1', () => {
    socket.setRecvBufferSize(4 * 2 ** 20)
    process.send(socket.address().port)
  })
}

async function bareLeader(bytes, port) {
  const socket = createSocket('udp4')
  await new Promise((resolve) => socket.connect(port, '127.0.0.1', resolve))
  socket.setSendBufferSize(4 * 2 ** 20)
  const datagram = Math.min(bytes, 60_000)
  const perMessage = Math.ceil(bytes / datagram)
  const outstanding = Math.max(8, Math.min(1000, Math.floor((4 * 2 ** 20) / (datagram + 2500))))
  let sent = 0
  let received = 0
  const start = performance.now()
  await new Promise((resolve) => {
    const pump = () => {
      if (performance.now() - start > SECONDS * 1000) return resolve()
      while (sent - received < outstanding) {
        sent += 1
        socket.send(Buffer.allocUnsafeSlow(datagram))
      }
    }
    socket.on('message', (text) => {
      received = Number(text.toString())
      pump()
    })
    pump()
  })
  report(bytes, received / perMessage, (performance.now() - start) / 1000)
  socket.close()
}

if (process.send) {
  if (mode === 'bare') bareFollower()
  else await follower()
} else {
  for (const bytes of sizes.length > 0 ? sizes.map(Number) : [200, 1000, 32_000, 1_000_000]) {
    const child = fork(new URL(import.meta.url), [mode])
    const port = await new Promise((resolve) => child.once('message', resolve))
    if (mode === 'bare') await bareLeader(bytes, port)
    else await leader(bytes, child, port)
    child.kill()
  }
}
