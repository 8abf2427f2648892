import { type AppendEntries, encodedMessageLength } from '@raft/core'
import { describe, expect, test } from 'vitest'
import { zeroCounters } from '../src/counters.js'
import { SEALED_HEADER_BYTES } from '../src/datagram.js'
import { Frame, MESSAGE_HEADER } from '../src/frames.js'
import type { Seal } from '../src/sealing.js'
import { PathSize } from '../src/sending/path-size.js'
import { Session, type SessionHost, type SessionParameters } from '../src/session.js'
import { append, heartbeat } from './support/cluster.js'

test('a counter seals once, also when the datagram cannot be handed over', () => {
  const sealed: number[] = []
  const sending: Seal = {
    overhead: 0,
    seal: (counter, header, text) => {
      sealed.push(counter)
      return [header, text]
    },
    open: () => null,
  }
  let isBroken = true
  const session = new Session(
    {
      counters: zeroCounters(),
      scratch: new Uint8Array(65_536),
      maxMessageBytes: 1000,
      maxQueuedBytes: 1000,
      maxDatagramsPerTurn: 1,
      maxSessionDatagrams: 100,
      path: new PathSize(zeroCounters(), () => {}),
      deliver: () => {},
      transmit: () => {
        if (isBroken) throw new Error('the socket is gone')
      },
      receiveWindow: () => 65_536,
    },
    { localId: 1, remoteId: 2, sending, receiving: sending, datagramBytes: 1200, peerWindow: 65_536, sealedKind: 4, version: 2 },
  )
  session.probe()
  expect(() => session.flush(0)).toThrow('the socket is gone')
  isBroken = false
  session.probe()
  session.flush(1)
  expect(sealed).toEqual([0, 1])
})

/** Says everything in the open, and takes everything for authentic. */
const openSeal: Seal = {
  overhead: 0,
  seal: (_counter, header, text) => [header, text.slice()],
  open: (_counter, _header, sealed) => sealed.slice(),
}

interface End {
  readonly session: Session
  readonly path: PathSize
  readonly host: SessionHost
  readonly delivered: Uint8Array[]
  /** Datagrams that were sent and not carried yet. */
  readonly sent: Uint8Array[]
}

function end(host: Partial<SessionHost> = {}, parameters: Partial<SessionParameters> = {}): End {
  const [delivered, sent]: [Uint8Array[], Uint8Array[]] = [[], []]
  const counters = zeroCounters()
  const path = new PathSize(counters, () => {})
  const whole: SessionHost = {
    counters,
    scratch: new Uint8Array(65_536),
    maxMessageBytes: 1_000_000,
    maxQueuedBytes: 100_000,
    maxDatagramsPerTurn: 100,
    maxSessionDatagrams: 1000,
    path,
    deliver: (message) => delivered.push(message),
    transmit: (parts) => sent.push(Buffer.concat(parts)),
    receiveWindow: () => 1_000_000,
    ...host,
  }
  const seals = { sending: openSeal, receiving: openSeal }
  const session = new Session(whole, {
    localId: 1,
    remoteId: 2,
    datagramBytes: 1200,
    peerWindow: 1_000_000,
    sealedKind: 4,
    version: 3,
    ...seals,
    ...parameters,
  })
  return { session, path, host: whole, delivered, sent }
}

const counterOf = (datagram: Uint8Array) => Buffer.from(datagram).readUIntLE(SEALED_HEADER_BYTES - 8, 6)
const textOf = (datagram: Uint8Array) => datagram.subarray(SEALED_HEADER_BYTES)

/** All that one end has sent arrives at the other, but for the datagrams that are lost. */
function carry(from: End, to: End, now: number, isLost: (datagram: Uint8Array) => boolean = () => false): void {
  for (const datagram of from.sent.splice(0)) if (!isLost(datagram)) to.session.receive(datagram, counterOf(datagram), now)
}

const bulk = (index: number, bytes: number) => append(index, bytes) as AppendEntries
const control = heartbeat(1)
const CONTROL_BYTES = MESSAGE_HEADER + encodedMessageLength(control)
const PING_BYTES = 1

describe('what a session sends', () => {
  test('is nothing where there is nothing to say, and one ping when it is to greet', () => {
    const { session, sent, host } = end()
    expect([session.flush(0), sent.length, session.sealed]).toEqual([false, 0, 0])
    session.probe()
    session.flush(0)
    session.flush(0)
    expect(sent.map((datagram) => [...textOf(datagram)])).toEqual([[Frame.Ping]])
    expect([session.sealed, session.pending, host.counters.acknowledgementsSent]).toEqual([1, 0, 0])
  })

  test('are as many control messages in one datagram as fit, to the byte, and the rest in the next', () => {
    const fitting = 20
    const datagramBytes = SEALED_HEADER_BYTES + PING_BYTES + fitting * CONTROL_BYTES
    for (const [bytes, expected] of [
      [datagramBytes, [20, 20, 1]],
      [datagramBytes - 1, [19, 19, 3]],
    ] as const) {
      const { session, sent } = end({}, { datagramBytes: bytes })
      for (let i = 0; i < 41; i++) session.pushControl(control)
      expect(session.pending).toBe(41)
      session.flush(0)
      expect(sent.map((datagram) => textOf(datagram).length / CONTROL_BYTES)).toEqual(expected)
      expect(session.pending).toBe(0)
    }
  })

  test('is no more than a turn allows, and it says whether there is more', () => {
    const { session, sent } = end({ maxDatagramsPerTurn: 2 })
    for (let i = 0; i < 85; i++) session.pushControl(control)
    expect([session.flush(0), sent.length]).toEqual([true, 2])
    expect([session.flush(0), sent.length]).toEqual([false, 3])
  })

  test('is in a datagram no larger than has arrived before, unless it can be sent again', () => {
    const { session, sent } = end({}, { datagramBytes: 8000 })
    for (let i = 0; i < 60; i++) session.pushControl(control)
    session.flush(0)
    expect(sent.length).toBeGreaterThan(1)
    for (const datagram of sent) expect(datagram.length).toBeLessThanOrEqual(1200)
    session.pushBulk(bulk(1, 30_000))
    sent.length = 0
    session.flush(0)
    expect(sent[0]?.length).toBe(8000 - PING_BYTES)
  })

  test('is nothing more when it has sealed twice as many datagrams as a session should', () => {
    const { session, sent } = end({ maxSessionDatagrams: 2 })
    for (let i = 0; i < 9; i++) {
      session.probe()
      session.flush(i)
    }
    expect([sent.length, session.sealed]).toEqual([4, 4])
  })
})

describe('messages of the stream', () => {
  test('wait up to a number of bytes, but one always may', () => {
    const first = bulk(1, 1000)
    const length = encodedMessageLength(first)
    const exact = end({ maxQueuedBytes: 2 * length }).session
    expect([1, 2, 3].map(() => exact.pushBulk(first))).toEqual([true, true, false])
    const narrow = end({ maxQueuedBytes: 10 }).session
    expect([narrow.pushBulk(first), narrow.pushBulk(first), narrow.pending]).toEqual([true, false, 1])
  })

  test('arrive whole, are acknowledged, and are pending until then', () => {
    const [a, b] = [end(), end()]
    a.session.pushBulk(bulk(1, 3000))
    a.session.pushControl(control)
    expect(a.session.pending).toBe(2)
    a.session.flush(0)
    expect([a.session.pending, a.session.stalledFor(5)]).toEqual([1, 5])
    carry(a, b, 1)
    expect(b.delivered.map(({ length }) => length).sort((x, y) => x - y)).toEqual([
      encodedMessageLength(control),
      encodedMessageLength(bulk(1, 3000)),
    ])
    b.session.flush(1)
    // With nothing else to say, an acknowledgement waits for its time.
    const due = b.session.nextTimer()
    if (b.sent.length === 0) b.session.flush(due)
    expect([b.sent.length, b.host.counters.acknowledgementsSent]).toEqual([1, 1])
    carry(b, a, due)
    expect([a.session.pending, a.session.stalledFor(due + 100)]).toEqual([0, 0])
    expect([a.session.nextTimer(), b.session.nextTimer()]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])
  })

  test('of which a part is missing are held, and it is told for how long', () => {
    const [a, b] = [end(), end()]
    a.session.pushBulk(bulk(1, 3000))
    a.session.flush(0)
    carry(a, b, 1, (datagram) => counterOf(datagram) === 1)
    expect([b.session.held, b.session.heldFor(11), b.delivered.length]).toEqual([1, 10, 0])
  })

  test('that are lost are asked about after a while, and sent again', () => {
    const [a, b] = [end(), end()]
    a.session.pushBulk(bulk(1, 500))
    a.session.flush(0)
    carry(a, b, 0, () => true)
    const due = a.session.nextTimer()
    expect(due).toBeLessThan(2000)
    a.session.onTimer(due - 1)
    a.session.flush(due - 1)
    expect(a.sent).toEqual([])
    a.session.onTimer(due)
    a.session.flush(due)
    expect(a.sent).toHaveLength(1)
    // The probe wants an answer at once.
    expect(textOf(a.sent[0] as Uint8Array).at(-1)).toBe(Frame.Ping)
    carry(a, b, due)
    expect(b.delivered).toHaveLength(1)
    expect(a.session.stalledFor(due)).toBe(due)
  })

  test('do not overrun the window of the peer, nor leave faster than the path takes them', () => {
    const { session, sent } = end({}, { peerWindow: 10_000 })
    session.pushBulk(bulk(1, 50_000))
    // What finds no room is not to be tried again in another turn.
    expect(session.flush(0)).toBe(false)
    const bytes = sent.reduce((sum, { length }) => sum + length, 0)
    expect(bytes).toBeLessThanOrEqual(10_000)
    // The last that finds room asks for an acknowledgement, since nothing goes on without one.
    expect(textOf(sent.at(-1) as Uint8Array).at(-1)).toBe(Frame.Ping)
    expect(sent.slice(0, -1).some((datagram) => textOf(datagram).at(-1) === Frame.Ping && datagram.length < 1200 - PING_BYTES)).toBe(false)
  })

  test('wait for the control messages that did not fit', () => {
    const { session, sent } = end({ maxDatagramsPerTurn: 1 })
    for (let i = 0; i < 41; i++) session.pushControl(control)
    session.pushBulk(bulk(1, 10))
    session.flush(0)
    expect(textOf(sent[0] as Uint8Array).length % CONTROL_BYTES).toBe(0)
    session.flush(0)
    expect(Buffer.from(textOf(sent[1] as Uint8Array)).includes(Buffer.of(Frame.Fragment, 0, 0, 0, 0, 0, 0, 0, 0))).toBe(true)
  })
})

describe('a path that turns out to be narrower than its interfaces', () => {
  /** Large datagrams that went out lately were lost, and small ones have arrived. */
  function narrowed(path: PathSize): void {
    for (let i = 0; i < 3; i++) path.lost(8000, i, i + 0.5)
  }

  test('is sent what it carries, and tried with one datagram of the next size that says nothing, and a small one behind it', () => {
    const [a, b] = [end({}, { datagramBytes: 8000 }), end()]
    narrowed(a.path)
    a.session.pushBulk(bulk(1, 500))
    a.session.flush(10)
    const [stream, probe, ping] = a.sent as [Uint8Array, Uint8Array, Uint8Array]
    expect([a.sent.length, stream.length <= 1200, probe.length, ping.length]).toEqual([3, true, 1372, SEALED_HEADER_BYTES + PING_BYTES])
    expect([...textOf(probe).subarray(0, 3), ...new Set(textOf(probe).subarray(2))]).toEqual([Frame.Ping, Frame.Padding, 0, 0])
    expect([...textOf(ping)]).toEqual([Frame.Ping])
    expect(a.host.counters.sizeProbesSent).toBe(1)
    a.session.flush(11)
    expect(a.sent.length).toBe(3)
    carry(a, b, 12)
    b.session.flush(12)
    carry(b, a, 13)
    expect(a.path.sizeFor(8000)).toBe(1372)
    a.session.flush(14)
    expect(a.sent.map(({ length }) => length)).toEqual([1452, SEALED_HEADER_BYTES + PING_BYTES])
  })

  test('is not tried in a version that cuts what is sent again in the same places, nor is its size heeded there', () => {
    const { session, path, sent } = end({}, { datagramBytes: 8000, version: 2 })
    narrowed(path)
    session.pushBulk(bulk(1, 30_000))
    session.flush(10)
    expect(Math.max(...sent.map(({ length }) => length))).toBe(8000 - PING_BYTES)
    expect(sent.some(({ length }) => length === 1372)).toBe(false)
  })

  test('that is tried and loses the large datagram alone is tried again later', () => {
    const [a, b] = [end({}, { datagramBytes: 8000 }), end()]
    narrowed(a.path)
    a.session.flush(10)
    carry(a, b, 11, ({ length }) => length === 1372)
    b.session.flush(11)
    carry(b, a, 12)
    const due = a.session.nextTimer()
    expect(due).toBeGreaterThanOrEqual(110)
    expect(due).toBeLessThan(2000)
    a.session.onTimer(due)
    expect(a.host.counters.sizeProbesLost).toBe(1)
    a.session.flush(due)
    expect(a.sent.map(({ length }) => length)).toEqual([1372, SEALED_HEADER_BYTES + PING_BYTES])
  })

  test('is found out by a small datagram behind the probe of a large one', () => {
    const lostAt = (datagramBytes: number) => {
      const { session, sent } = end({}, { datagramBytes })
      session.pushBulk(bulk(1, datagramBytes - 300))
      session.flush(0)
      sent.length = 0
      const due = session.nextTimer()
      session.onTimer(due)
      session.flush(due)
      return sent.map((datagram) => datagram.length <= SEALED_HEADER_BYTES + PING_BYTES)
    }
    expect(lostAt(8000)).toEqual([false, true])
    // Every path carries 1,200 bytes.
    expect(lostAt(1200)).toEqual([false])
  })
})

test('an acknowledgement of what was never sent changes nothing, and is counted', () => {
  const [a, b] = [end(), end()]
  b.session.probe()
  b.session.flush(0)
  carry(b, a, 0)
  a.session.flush(0)
  const stranger = end()
  const [acknowledgement] = a.sent as [Uint8Array]
  expect(stranger.session.receive(acknowledgement, 0, 0)).toBe(true)
  expect(stranger.host.counters.dropped.malformed).toBe(1)
})
