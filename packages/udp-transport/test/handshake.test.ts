import { beforeAll, describe, expect, it } from 'vitest'
import type { TransportContext } from '../src/context.js'
import { zeroCounters } from '../src/counters.js'
import { BOOT_BYTES, DATAGRAM_VERSION, DatagramKind, decodeHandshake, type HandshakeDatagram, PLAIN } from '../src/datagram.js'
import { Handshake } from '../src/handshake.js'
import { deriveSecrets, type SecretKeys } from '../src/secrets.js'

const WINDOW = 4 * 1024 * 1024
let keys: SecretKeys[] = []
let otherKeys: SecretKeys

beforeAll(async () => {
  const secrets = [1, 2].map((value) => new Uint8Array(32).fill(value))
  keys = await new Promise((resolve) => deriveSecrets(secrets, 'test', (_, derived) => resolve(derived)))
  otherKeys = keys[1] as SecretKeys
})

interface Side {
  readonly hub: TransportContext
  /** The sessions that are open, by their ids. */
  readonly sessions: Set<number>
  readonly handshake: Handshake
  /** Bytes that are given where random ones are asked for, before others are drawn. */
  readonly nextRandom: Uint8Array[]
}

let drawn = 0

function side(id: string, peer: string, { plain = false } = {}): Side {
  const nextRandom: Uint8Array[] = []
  const randomBytes = (length: number) => {
    drawn += 1
    return nextRandom.shift() ?? Uint8Array.from({ length }, (_, i) => (drawn * 31 + i * 7 + id.charCodeAt(0)) & 0xff)
  }
  const hub = {
    options: { id, clusterId: 'test', identity: null, plain, randomBytes },
    counters: zeroCounters(),
    boot: new Uint8Array(BOOT_BYTES).fill(id.charCodeAt(0)),
    keys,
  } as unknown as TransportContext
  const sessions = new Set<number>()
  return { hub, sessions, handshake: new Handshake(hub, (session) => sessions.has(session), peer), nextRandom }
}

const firstKeys = () => keys[0] as SecretKeys

/** The times at which hellos are due from `begin` at 0 on, each with what `onTimer` gives, until it gives up. */
function timesOfHellos(handshake: Handshake): (readonly [time: number, result: number | 'gaveUp' | null])[] {
  const times: (readonly [number, number | 'gaveUp' | null])[] = []
  handshake.begin(0, 0)
  while (handshake.isActive && times.length < 20) {
    const { dueAt } = handshake
    expect(handshake.onTimer(dueAt - 0.001)).toBe(null)
    times.push([dueAt, handshake.onTimer(dueAt)])
  }
  return times
}

/** A hello of `a` at this address, answered by `b` and confirmed: what either side has agreed on. */
function meet(a: Side, b: Side, { sizes = [1400, 1300], window = WINDOW, known = false } = {}) {
  a.handshake.begin(0, 0)
  a.handshake.onTimer(0)
  const hello = decodeHandshake(a.handshake.hello('b:1', sizes[0] as number, window) as Buffer)
  const answerBytes = b.handshake.answer(hello, firstKeys(), known, sizes[1] as number, window, 0) as Buffer
  const answer = decodeHandshake(answerBytes)
  expect(a.handshake.accepts(answer, answerBytes, firstKeys())).toBe(true)
  const ofA = a.handshake.complete(answer, firstKeys(), sizes[0] as number, window)
  const confirmation = decodeHandshake(ofA.confirmation)
  expect(b.handshake.isConfirmed(confirmation, ofA.confirmation, firstKeys())).toBe(true)
  const ofB = b.handshake.confirm(confirmation, firstKeys(), sizes[1] as number)
  return { hello, answer, answerBytes, confirmation, ofA, ofB }
}

describe('an attempt', () => {
  it('says hello at once, then ever more seldom, and gives up after six', () => {
    const { hub, handshake } = side('a', 'b')
    expect([handshake.isActive, handshake.dueAt, handshake.onTimer(0)]).toEqual([false, Number.POSITIVE_INFINITY, null])
    expect(timesOfHellos(handshake)).toEqual([
      [0, 1],
      [100, 2],
      [300, 3],
      [700, 4],
      [1500, 5],
      [2500, 6],
      [3500, 'gaveUp'],
    ])
    expect([handshake.isActive, handshake.dueAt, hub.counters.handshakesStarted]).toEqual([false, Number.POSITIVE_INFINITY, 1])
  })

  it('is one at a time', () => {
    const { hub, handshake } = side('a', 'b')
    handshake.begin(7, 0)
    handshake.onTimer(0)
    handshake.begin(8, 50)
    expect([handshake.dueAt, hub.counters.handshakesStarted]).toEqual([100, 1])
    expect(decodeHandshake(handshake.hello('b:1', 1400, WINDOW) as Buffer).receiverSession).toBe(7)
  })

  it('tries each secret twice, in turn', () => {
    const { handshake } = side('a', 'b')
    handshake.begin(0, 0)
    const hints: number[] = []
    for (let i = 0; i < 6; i++) {
      handshake.onTimer(handshake.dueAt)
      hints.push(decodeHandshake(handshake.hello('b:1', 1400, WINDOW) as Buffer).hint)
    }
    const [first, second] = [firstKeys().hint, otherKeys.hint]
    expect(hints).toEqual([first, first, second, second, first, first])
  })

  it('that is abandoned says nothing more', () => {
    const { handshake } = side('a', 'b')
    handshake.begin(0, 0)
    handshake.abandon()
    handshake.hasten(50)
    handshake.again(50)
    expect([handshake.isActive, handshake.onTimer(100), handshake.hello('b:1', 1400, WINDOW)]).toEqual([false, null, null])
  })
})

describe('a sign that the peer is there', () => {
  it('has the next hello go out at once, and that one does not count', () => {
    const { handshake } = side('a', 'b')
    handshake.begin(0, 0)
    handshake.onTimer(0)
    handshake.hasten(20)
    expect([handshake.dueAt, handshake.onTimer(20), handshake.dueAt]).toEqual([20, 1, 120])
    expect(handshake.onTimer(120)).toBe(2)
  })

  it('is not heeded within 20 ms of the last hello', () => {
    const { handshake } = side('a', 'b')
    handshake.begin(0, 0)
    handshake.onTimer(0)
    handshake.hasten(19.9)
    expect(handshake.dueAt).toBe(100)
  })

  it('does not make the first hello one that does not count', () => {
    const { handshake } = side('a', 'b')
    handshake.begin(0, 0)
    handshake.hasten(5)
    expect([handshake.dueAt, handshake.onTimer(5)]).toEqual([5, 1])
  })

  it('saves an attempt that was about to be given up, but none that lasts for more than five seconds', () => {
    const { handshake } = side('a', 'b')
    handshake.begin(0, 0)
    for (let i = 0; i < 6; i++) handshake.onTimer(handshake.dueAt)
    for (const time of [3400, 4400, 5000]) {
      handshake.hasten(time)
      expect(handshake.onTimer(time)).toBe(6)
    }
    handshake.hasten(5020)
    expect([handshake.onTimer(5020), handshake.isActive]).toEqual(['gaveUp', false])
  })

  it('is, for sure, another address: the hello is said again without a pause, and does not count', () => {
    const { handshake } = side('a', 'b')
    handshake.begin(0, 0)
    handshake.again(0)
    expect(handshake.onTimer(0)).toBe(1)
    handshake.again(1)
    expect([handshake.dueAt, handshake.onTimer(1), handshake.onTimer(101)]).toEqual([1, 1, 2])
  })
})

describe('a hello', () => {
  it('has an id of its own for each address, by which the answer tells which it has reached', () => {
    const { handshake } = side('a', 'b')
    handshake.begin(0, 0)
    handshake.onTimer(0)
    const ids = ['b:1', 'b:2', 'b:1'].map((to) => decodeHandshake(handshake.hello(to, 1400, WINDOW) as Buffer).senderSession)
    expect(ids[0]).toBe(ids[2])
    expect(ids[0]).not.toBe(ids[1])
    const answerTo = (receiverSession: number | undefined) => handshake.addressOf({ receiverSession } as HandshakeDatagram)
    expect([answerTo(ids[0]), answerTo(ids[1]), answerTo(12345)]).toEqual(['b:1', 'b:2', ''])
    handshake.abandon()
    expect(answerTo(ids[0])).toBe('')
  })

  it('asks for no session that is in use, nor for number 0', () => {
    const { hub, sessions, handshake, nextRandom } = side('a', 'b')
    sessions.add(5)
    const nonce = new Uint8Array(16).fill(9)
    nextRandom.push(nonce, new Uint8Array(6), Uint8Array.of(5, 0, 0, 0, 0, 0), Uint8Array.of(6, 0, 0, 0, 0, 1))
    handshake.begin(0, 0)
    handshake.onTimer(0)
    const hello = decodeHandshake(handshake.hello('b:1', 1400, WINDOW) as Buffer)
    expect(hello.senderSession).toBe(6 + 2 ** 40)
    expect([...hello.nonce]).toEqual([...hub.boot, ...nonce])
  })

  it('is answered as that member is to answer, but for one that crosses our own when our name comes first', () => {
    const hello = () => {
      const other = side('b', 'a')
      other.handshake.begin(0, 0)
      other.handshake.onTimer(0)
      return decodeHandshake(other.handshake.hello('a:1', 1400, WINDOW) as Buffer)
    }
    const first = side('a', 'b').handshake
    first.begin(0, 0)
    first.onTimer(0)
    expect(first.answer(hello(), firstKeys(), false, 1400, WINDOW, 299)).toBe(null)
    // What crosses is a sign that the peer is there.
    expect(first.dueAt).toBe(299)
    expect(first.answer(hello(), firstKeys(), false, 1400, WINDOW, 300)).not.toBe(null)
    // A member of an older version could not read our hello.
    expect(first.answer({ ...hello(), version: DATAGRAM_VERSION - 1 }, firstKeys(), false, 1400, WINDOW, 100)).not.toBe(null)
    const last = side('c', 'b').handshake
    last.begin(0, 0)
    last.onTimer(0)
    expect(last.answer(hello(), firstKeys(), false, 1400, WINDOW, 100)).not.toBe(null)
    expect(side('a', 'b').handshake.answer(hello(), firstKeys(), false, 1400, WINDOW, 0)).not.toBe(null)
  })
})

describe('two members that meet', () => {
  it('know the same session by each others ids, and each what the other takes', () => {
    const [a, b] = [side('a', 'b'), side('b', 'a')]
    const { hello, answer, confirmation, ofA, ofB } = meet(a, b, { known: true })
    expect([hello.kind, answer.kind, confirmation.kind]).toEqual([DatagramKind.Hello, DatagramKind.Answer, DatagramKind.Confirm])
    expect([hello.sessionKnown, answer.sessionKnown, confirmation.sessionKnown]).toEqual([false, true, false])
    expect([answer.receiverSession, confirmation.receiverSession]).toEqual([hello.senderSession, answer.senderSession])
    expect([ofA.parameters.localId, ofA.parameters.remoteId]).toEqual([ofB.parameters.remoteId, ofB.parameters.localId])
    for (const { parameters } of [ofA, ofB])
      expect(parameters).toMatchObject({
        datagramBytes: 1300,
        peerWindow: WINDOW,
        sealedKind: DatagramKind.Sealed,
        version: DATAGRAM_VERSION,
      })
    expect([ofA.peerBoot, ofB.peerBoot].map((boot) => [...boot])).toEqual([[...b.hub.boot], [...a.hub.boot]])
    expect([a.hub.counters.handshakesStarted, b.hub.counters.handshakesAnswered]).toEqual([1, 1])
    expect([a.handshake.isActive, b.handshake.isActive]).toEqual([false, false])
  })

  it.each([false, true])('read what the other seals, and not what they seal themselves; in plain text: %s', (plain) => {
    const { ofA, ofB } = meet(side('a', 'b', { plain }), side('b', 'a', { plain }))
    for (const { parameters } of [ofA, ofB]) expect(parameters.sealedKind).toBe(DatagramKind.Sealed + (plain ? PLAIN : 0))
    const header = new Uint8Array(18).fill(1)
    const text = Uint8Array.of(1, 2, 3)
    const sealedBy = (parameters: typeof ofA.parameters) => Buffer.concat(parameters.sending.seal(1, header, text).slice(1))
    for (const [one, other] of [
      [ofA, ofB],
      [ofB, ofA],
    ] as const) {
      const sealed = sealedBy(one.parameters)
      expect(Buffer.from(other.parameters.receiving.open(1, header, sealed) ?? []).subarray(0, 3)).toEqual(Buffer.from(text))
      if (!plain) expect(one.parameters.receiving.open(1, header, sealed)).toBe(null)
    }
  })

  it('send no datagram that one of them cannot take, and none that is too small to be of use', () => {
    const bytesFor = (sizes: number[]) => meet(side('a', 'b'), side('b', 'a'), { sizes }).ofA.parameters.datagramBytes
    expect([bytesFor([1400, 1200]), bytesFor([1200, 9000]), bytesFor([100, 1200])]).toEqual([1200, 1200, 256])
  })

  it('use up what they have agreed with: a confirmation counts once', () => {
    const [a, b] = [side('a', 'b'), side('b', 'a')]
    const { answer, answerBytes, confirmation, ofA } = meet(a, b)
    expect(b.handshake.isConfirmed(confirmation, ofA.confirmation, firstKeys())).toBe(false)
    expect(a.handshake.accepts(answer, answerBytes, firstKeys())).toBe(false)
    expect([a.hub.counters.dropped.staleHandshake, b.hub.counters.dropped.staleHandshake]).toEqual([1, 1])
  })

  it('need the same secret', () => {
    const [a, b] = [side('a', 'b'), side('b', 'a')]
    a.handshake.begin(0, 0)
    a.handshake.onTimer(0)
    const hello = decodeHandshake(a.handshake.hello('b:1', 1400, WINDOW) as Buffer)
    const answerBytes = b.handshake.answer(hello, otherKeys, false, 1400, WINDOW, 0) as Buffer
    const answer = decodeHandshake(answerBytes)
    expect(a.handshake.accepts(answer, answerBytes, firstKeys())).toBe(false)
    expect(a.handshake.accepts(answer, answerBytes, otherKeys)).toBe(true)
    const { confirmation } = a.handshake.complete(answer, otherKeys, 1400, WINDOW)
    expect(b.handshake.isConfirmed(decodeHandshake(confirmation), confirmation, firstKeys())).toBe(false)
    expect([a.hub.counters.dropped.failedToOpen, b.hub.counters.dropped.failedToOpen]).toEqual([1, 1])
  })

  it('may be answered at any of the addresses that were said hello to', () => {
    const [a, b] = [side('a', 'b'), side('b', 'a')]
    a.handshake.begin(0, 0)
    a.handshake.onTimer(0)
    a.handshake.hello('b:1', 1400, WINDOW)
    const hello = decodeHandshake(a.handshake.hello('b:2', 1400, WINDOW) as Buffer)
    const bytes = b.handshake.answer(hello, firstKeys(), false, 1400, WINDOW, 0) as Buffer
    expect(a.handshake.accepts(decodeHandshake(bytes), bytes, firstKeys())).toBe(true)
  })
})

describe('a refusal', () => {
  it('says why, and what is remembered of the sender', () => {
    const [a, b] = [side('a', 'b'), side('b', 'a')]
    a.handshake.begin(0, 0)
    a.handshake.onTimer(0)
    const hello = decodeHandshake(a.handshake.hello('b:1', 1400, WINDOW) as Buffer)
    const bytes = b.handshake.refuse(hello, firstKeys(), 'otherVoters', null)
    expect(bytes[1]).toBe(DatagramKind.Refusal)
    expect(bytes.subarray(6 + 8, 6 + 16).readUIntLE(0, 6)).toBe(hello.senderSession)
    expect(bytes.subarray(22, 22 + BOOT_BYTES)).toEqual(Buffer.from(b.hub.boot))
  })
})
