import { expect, test } from 'vitest'
import { zeroCounters } from '../src/counters.js'
import type { Seal } from '../src/sealing.js'
import { PathSize } from '../src/sending/path-size.js'
import { Session } from '../src/session.js'

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
