import type { Variant } from './variant.js'

const SEALING = 'packages/udp-transport/src/sealing.ts'
const RECEIVER = 'packages/udp-transport/src/receiving/bulk-receiver.ts'
const SENDER = 'packages/udp-transport/src/sending/bulk-sender.ts'
const INCOMING = 'packages/udp-transport/src/receiving/incoming.ts'
const RECOVERY = 'packages/udp-transport/src/sending/loss-recovery.ts'
const HANDSHAKE = 'packages/udp-transport/src/handshake.ts'
const LINK = 'packages/udp-transport/src/link/link.ts'
const ESTABLISHMENT = 'packages/udp-transport/src/establishment.ts'
const RANGES = 'packages/udp-transport/src/receiving/received-ranges.ts'
const PATH = 'packages/udp-transport/src/sending/path-size.ts'
const FRAMES = 'packages/udp-transport/src/frames.ts'

/** How members talk: datagrams that are lost, repeated, late and damaged. */
export const transport: readonly Variant[] = [
  {
    name: 'a seal is not looked at',
    breaks: 'whether a datagram is authentic is not asked',
    file: SEALING,
    search: '  } catch {\n    return null\n  }',
    replace: '  } catch {\n    return plaintext\n  }',
    stack: 'transport',
    maxSeeds: 200,
  },
  {
    name: 'the fragments of messages are mixed up',
    breaks: 'what is missing of one message is taken from the next',
    file: RECEIVER,
    search: '    let partial = this.#partials.get(number)\n    if (partial === undefined) {',
    replace:
      '    const other = this.#partials.get(number - 1)\n    let partial = this.#partials.get(number) ?? (other?.bytes.length === total ? other : undefined)\n    if (partial === undefined) {',
    stack: 'transport',
    maxSeeds: 400,
  },
  {
    name: 'all fragments lie at the beginning',
    breaks: 'where in its message a fragment belongs is not looked at',
    file: RECEIVER,
    search: 'partial.bytes.set(bytes, offset)',
    replace: 'partial.bytes.set(bytes, 0)',
    stack: 'transport',
    maxSeeds: 200,
  },
  {
    name: 'half a message is delivered',
    breaks: 'a message is delivered when its last fragment has come, whatever is missing',
    file: RECEIVER,
    search: 'partial.received += added',
    replace: 'partial.received = offset + bytes.length',
    stack: 'transport',
    maxSeeds: 400,
  },
  {
    name: 'a repeated fragment counts',
    breaks: 'a fragment that came twice is counted twice, and the message is taken for complete',
    file: RECEIVER,
    search: 'const added = partial.ranges.add(offset, offset + bytes.length)',
    replace: 'const added = bytes.length',
    stack: 'transport',
    maxSeeds: 400,
  },
  {
    name: 'lost fragments are not sent again',
    breaks: 'what a lost datagram carried is forgotten',
    file: RECOVERY,
    search: '    this.#bulk.lost(datagram.fragments)\n',
    replace: '',
    stack: 'transport',
    maxSeeds: 200,
  },
  {
    name: 'gaps are acknowledged',
    breaks: 'ranges of what has arrived are joined over what is missing',
    file: RANGES,
    search: 'older.last + 1 < newer.first) return',
    replace: 'older.last + 3 < newer.first) return',
    stack: 'transport',
    maxSeeds: 400,
  },
  {
    name: 'everything up to the newest is acknowledged',
    breaks: 'an acknowledgement has one range, from the first datagram on',
    file: FRAMES,
    search: '    writer.u32(range.last - range.first)',
    replace: '    writer.u32(i === count - 1 ? range.last : range.last - range.first)',
    stack: 'transport',
    maxSeeds: 3000,
  },
  {
    name: 'the wrong fragment is sent again',
    breaks: 'a message that had to be cut is sent again from its beginning',
    file: SENDER,
    search: 'writer.raw(item.bytes.subarray(offset, offset + length))',
    replace: 'writer.raw(item.bytes.subarray(item.cut === item.total ? 0 : offset, (item.cut === item.total ? 0 : offset) + length))',
    stack: 'transport',
    maxSeeds: 400,
  },
  {
    name: 'no acknowledgements',
    breaks: 'nobody says what has arrived',
    file: INCOMING,
    search: 'if (wantsAck) this.acknowledger.owe(atOnce, now)',
    replace: '',
    stack: 'transport',
    maxSeeds: 100,
  },
  {
    name: 'large datagrams are sent for ever',
    breaks: 'a path that loses large datagrams is not noticed, and no entry above its size arrives',
    file: PATH,
    search: 'if (suspicion.losses >= LOSSES) this.#fallBack(now)',
    replace: '',
    stack: 'server',
    maxSeeds: 200,
  },
  {
    name: 'what was cut is not cut anew',
    breaks: 'fragments of the size that the path was thought to carry are sent again as they are',
    file: SENDER,
    search: 'if (!fits && (fragment.length <= capacity || room < capacity / 2)) return false',
    replace: 'if (!fits) return false',
    stack: 'server',
    maxSeeds: 200,
  },
  {
    name: 'a handshake is begun once',
    breaks: 'a hello that is lost is not sent again',
    file: HANDSHAKE,
    search: 'attempt.dueAt = now + Math.min(MAX_RETRY, FIRST_RETRY * 2 ** (attempt.count - 1))',
    replace: 'attempt.dueAt = now + 1e9',
    stack: 'transport',
    maxSeeds: 100,
  },
  {
    name: 'the next address is not tried after silence',
    breaks: 'of the addresses that a name means, the first that does not refuse is asked for ever',
    file: LINK,
    search: 'this.#ways.slice(0, 2 ** (round - 1))',
    replace: 'this.#ways.slice(0, 1)',
    stack: 'transport',
    maxSeeds: 200,
  },
  {
    name: 'who answers a handshake does not look for the way back',
    breaks: 'a member that was reached takes the first address of the other for one at which that is reached',
    file: ESTABLISHMENT,
    search: 'if (link.needsProof) this.#ask()\n    this.#events',
    replace: 'this.#events',
    stack: 'transport',
    maxSeeds: 400,
  },
]
