import { expect, it } from 'vitest'
import { zeroCounters } from '../src/counters.js'
import type { Seal } from '../src/sealing.js'
import { PathSize } from '../src/sending/path-size.js'
import { Session } from '../src/session.js'

/** A session of this version on a path that has fallen back, and the texts of the datagrams that it sends. */
function session(version: number) {
  const texts: Uint8Array[] = []
  const sealing: Seal = {
    overhead: 16,
    seal: (_counter, header, text) => [header, texts[texts.push(text.slice()) - 1] ?? text],
    open: () => null,
  }
  const path = new PathSize(zeroCounters(), () => {})
  for (let time = 0; time < 3; time++) path.lost(8972, time, time)
  const host = { counters: zeroCounters(), scratch: new Uint8Array(65_536).fill(7), path, maxMessageBytes: 1000, maxQueuedBytes: 1000 }
  const rest = { maxDatagramsPerTurn: 1, maxSessionDatagrams: 100, deliver: () => {}, transmit: () => {}, receiveWindow: () => 65_536 }
  const parameters = {
    localId: 1,
    remoteId: 2,
    sending: sealing,
    receiving: sealing,
    datagramBytes: 8972,
    peerWindow: 65_536,
    sealedKind: 4,
  }
  return { session: new Session({ ...host, ...rest }, { ...parameters, version }), texts }
}

it('a size is tried by a ping and padding, with a small ping behind it, as docs/formats.md says', () => {
  const { session: one, texts } = session(3)
  one.flush(10)
  expect(texts.map(({ length }) => length)).toEqual([1372 - 18 - 16, 1])
  expect([...(texts[0] ?? [])]).toEqual([4, 5, ...new Array<number>(1372 - 18 - 16 - 2).fill(0)])
  expect(texts[1]).toEqual(Uint8Array.of(4))
})

it('no size is tried with a member that speaks an older version, which does not know padding', () => {
  const { session: one, texts } = session(2)
  one.flush(10)
  expect(texts).toEqual([])
})
