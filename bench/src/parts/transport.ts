import { type ChildProcess, fork } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Measured, Recorder } from '../recorder.js'
import type { Suite } from '../suite.js'
import { batchOf, elapsed } from './payloads.js'
import { makeTransport, type PeerPlan, type PeerWord } from './transport-ends.js'

const SIZES = [64, 1024, 32 * 1024, 256 * 1024]
const LOSSES = [0, 0.01, 0.05]
const DATAGRAMS = [1200, 8972, 65_507]
const PROGRAM = fileURLToPath(new URL('./transport-peer.js', import.meta.url))
/** Under way at any time: so many bytes, or so many messages. */
const BYTES_UNDER_WAY = 16 * 2 ** 20
const MESSAGES_UNDER_WAY = 2048
/** Bare sockets lose what their buffers do not hold, and nobody sends it again. */
const BARE_BYTES_UNDER_WAY = 4 * 2 ** 20
const KERNEL_OVERHEAD = 2500
const BARE_DATAGRAM = 60_000
/** At 10 ms each. */
const MOST_LOOKS = 1000

export const transport: Suite = {
  name: 'transport',
  description: 'Messages between two processes on loopback, by their size, the size of datagrams, and loss',
  run: async (recorder, { rounds, duration, say }) => {
    for (let round = 0; round < rounds; round++) {
      for (const bytes of SIZES) {
        const at = { at: 'loopback', x: { name: 'bytes each', value: bytes } }
        const usual = { loss: 0, datagramBytes: null }
        record(recorder, { ...at, by: 'encrypted' }, bytes, await throughTransport({ ...usual, kind: 'sealed' }, bytes, duration))
        record(recorder, { ...at, by: 'plain' }, bytes, await throughTransport({ ...usual, kind: 'plain' }, bytes, duration))
        record(recorder, { ...at, by: 'bare sockets' }, bytes, await throughSockets(bytes, duration))
      }
      for (const loss of LOSSES) {
        const measured = { at: '32 kB, encrypted, some datagrams lost', by: 'encrypted', x: { name: '% lost', value: loss * 100 } }
        record(recorder, measured, 32_768, await throughTransport({ kind: 'sealed', loss, datagramBytes: null }, 32_768, duration))
      }
      for (const datagramBytes of DATAGRAMS) {
        const measured = {
          at: '32 kB, encrypted, by the size of datagrams',
          by: 'encrypted',
          x: { name: 'bytes a datagram', value: datagramBytes },
        }
        record(recorder, measured, 32_768, await throughTransport({ kind: 'sealed', loss: 0, datagramBytes }, 32_768, duration))
      }
      say(`transport: round ${round + 1} of ${rounds}`)
    }
  },
}

function record(recorder: Recorder, measured: Omit<Measured, 'what'>, bytes: number, rate: number): void {
  recorder.add({ ...measured, what: 'messages/s' }, rate)
  recorder.add({ ...measured, what: 'MB/s' }, (rate * bytes) / 1e6)
}

/** Messages a second that were acknowledged. */
async function throughTransport(plan: PeerPlan, bytes: number, duration: number): Promise<number> {
  const sender = makeTransport('leader', plan)
  return withPeer(plan, async (peer, port) => {
    const outstanding = Math.max(4, Math.min(MESSAGES_UNDER_WAY, Math.floor(BYTES_UNDER_WAY / bytes)))
    const payload = new Uint8Array(bytes)
    let [acknowledged, sent] = [0, 0]
    const pump = () => {
      for (; sent - acknowledged < outstanding; sent++) {
        const [entries, head] = [batchOf(sent + 1, [payload]), { group: 0, term: 1, prevLogIndex: sent, prevLogTerm: 1, leaderCommit: 0 }]
        sender.send('follower', { type: 'appendEntries', ...head, entries })
      }
    }
    sender.attach(0, {
      onUnreachable: () => {},
      onMessage: (_from, message) => {
        if (message.type === 'appendEntriesReply') acknowledged = Math.max(acknowledged, message.matchIndex)
        pump()
      },
    })
    await sender.start()
    const own: PeerWord = { port: sender.local?.port ?? 0 }
    peer.send(own)
    sender.setMembers(0, [{ id: 'follower', addresses: { peer: `127.0.0.1:${port}` } }])
    for (let i = 0; sender.counters().sessionsOpened === 0; i++) {
      if (i === MOST_LOOKS) throw new Error('the two processes do not meet')
      await sleep(10)
    }
    await sleep(50)
    const startedAt = performance.now()
    pump()
    // Acknowledgements are lost too, and then nothing comes that would pump again.
    const timer = setInterval(pump, 20)
    await sleep(duration)
    clearInterval(timer)
    return acknowledged / elapsed(startedAt)
  }).finally(() => sender.close())
}

/** The same over bare sockets, that seal nothing, order nothing, and send nothing again. */
async function throughSockets(bytes: number, duration: number): Promise<number> {
  return withPeer({ kind: 'bare', loss: 0, datagramBytes: null }, async (_peer, port) => {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve))
    socket.setSendBufferSize(BARE_BYTES_UNDER_WAY)
    const perMessage = Math.ceil(bytes / BARE_DATAGRAM)
    const datagram = Math.ceil(bytes / perMessage)
    const outstanding = Math.max(8, Math.min(1000, Math.floor(BARE_BYTES_UNDER_WAY / (datagram + KERNEL_OVERHEAD))))
    let [sent, received] = [0, 0]
    const startedAt = performance.now()
    const pump = () => {
      for (; sent - received < outstanding; sent++) socket.send(Buffer.allocUnsafeSlow(datagram))
    }
    socket.on('message', (text) => {
      received = Number(text.toString())
      pump()
    })
    pump()
    await sleep(duration)
    socket.close()
    return received / perMessage / elapsed(startedAt)
  })
}

async function withPeer<T>(plan: PeerPlan, use: (peer: ChildProcess, port: number) => Promise<T>): Promise<T> {
  const peer = fork(PROGRAM, [JSON.stringify(plan)])
  try {
    const port = await new Promise<number>((resolve, reject) => {
      peer.once('message', (word: PeerWord) => resolve(word.port))
      peer.once('exit', (code) => reject(new Error(`the receiving process ended with ${code}`)))
    })
    return await use(peer, port)
  } finally {
    peer.kill('SIGKILL')
  }
}
