import { decodeMessage, encodeMessage, type Message, Reader, Writer } from '@raft/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { zeroCounters } from '../src/counters.js'
import { everyFragment, FRAGMENT_HEADER } from '../src/frames.js'
import { BulkReceiver } from '../src/receiving/bulk-receiver.js'
import { BulkSender, type Fragment } from '../src/sending/bulk-sender.js'
import { append } from './support/cluster.js'

/** What becomes of a datagram: lost; arrived; arrived though the sender takes it for lost, so that all of it is sent again. */
const fate = fc.constantFrom('lost', 'arrived', 'arrived unseen')

it('messages arrive whole and in order, whatever sizes datagrams have from one to the next, and whatever is cut anew and overlaps', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(5000), { minLength: 1, maxLength: 6 }),
      fc.array(fc.record({ size: fc.integer({ min: 60, max: 3000 }), fate }), { maxLength: 60 }),
      (lengths, datagrams) => {
        const messages = lengths.map((bytes, i) => append(i + 1, bytes))
        const sender = new BulkSender(zeroCounters())
        const arrived: Uint8Array[] = []
        const receiver = new BulkReceiver(zeroCounters(), 1_000_000, (message) => arrived.push(message))
        for (const message of messages) sender.push(message)
        const writer = new Writer(new Uint8Array(65_536))
        const exchange = (size: number, what: string) => {
          writer.position = 0
          const sent: Fragment[] = []
          sender.write(writer, size, size - FRAGMENT_HEADER, sent)
          expect(writer.position).toBeLessThanOrEqual(size)
          if (what !== 'lost')
            everyFragment(new Reader(writer.bytes.slice(0, writer.position)), (number, total, offset, bytes) =>
              receiver.receive(number, total, offset, bytes),
            )
          if (what === 'arrived') for (const fragment of sent) sender.acknowledged(fragment)
          else sender.lost(sent)
        }
        for (const { size, fate: what } of datagrams) exchange(size, what)
        for (let i = 0; i < 1000 && sender.hasWork; i++) exchange(300, 'arrived')
        expect(sender.unfinished).toBe(0)
        const textOf = (message: Message) => Buffer.from(encodeMessage(message)).toString('latin1')
        expect(arrived.map((bytes) => textOf(decodeMessage(bytes)))).toEqual(messages.map(textOf))
      },
    ),
    { seed: 5, numRuns: 200 },
  )
})
