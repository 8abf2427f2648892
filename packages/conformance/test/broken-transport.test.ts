import { EntryBatch, encodeMessage, type Message, type Transport, type TransportReceiver } from '@raft/core'
import { MemoryNetwork } from '@raft/core/memory'
import { describe, expect, test } from 'vitest'
import { transportSuite } from '../src/index.js'
import { failures } from './support/collect.js'

/** What a broken transport of member `id` does in place of a sound one. */
type Breaking = (sound: Transport, id: string) => Partial<Transport>

const soon = (callback: () => void) => void setImmediate(callback)

const suiteOf = (breaking: Breaking = () => ({}), defer: (callback: () => void) => void = soon, timeout = 1000) =>
  failures((declare) =>
    transportSuite({
      test: declare,
      timeout,
      make: () => {
        const network = new MemoryNetwork({ defer })
        return {
          join: (id) => {
            const sound = network.transport(id)
            return {
              transport: { ...sound, ...breaking(sound, id) },
              member: { id, addresses: {} },
              stop: () => void network.transport(id),
            }
          },
        }
      },
      unsupported: ['lanes'],
    }),
  )

const received =
  (change: (receiver: TransportReceiver) => TransportReceiver['onMessage']): Breaking =>
  (sound) => ({ attach: (group, receiver) => sound.attach(group, { ...receiver, onMessage: change(receiver) }) })

const variants: Record<string, { caughtBy: string; breaking?: Breaking; defer?: (callback: () => void) => void }> = {
  'delivers from inside send': { caughtBy: 'no receiver is called from inside send', defer: (callback) => callback() },
  'names the wrong sender': {
    caughtBy: 'says who sent it',
    breaking: received((receiver) => (_, message) => receiver.onMessage('a', message)),
  },
  'delivers to the wrong member': {
    caughtBy: 'arrives at the member it was sent to alone',
    breaking: (sound, id) => ({
      send: (to, message) => {
        sound.send(to, message)
        if (id !== 'a') sound.send('a', message)
      },
    }),
  },
  'delivers to every group': {
    caughtBy: 'each group gets its own messages only',
    breaking: (sound) => {
      const receivers: TransportReceiver[] = []
      return {
        attach: (group, receiver) => {
          receivers.push(receiver)
          sound.attach(group, {
            ...receiver,
            onMessage: (from, message) => receivers.forEach((each) => void each.onMessage(from, message)),
          })
        },
      }
    },
  },
  'cuts numbers to 32 bits': {
    caughtBy: 'every type of message',
    breaking: received((receiver) => (from, message) => receiver.onMessage(from, { ...message, term: message.term >>> 0 })),
  },
  'loses large messages': {
    caughtBy: 'a message of 10 MB arrives',
    breaking: (sound) => ({
      send: (to, message) => {
        if (encodeMessage(message).length < 65_536) sound.send(to, message)
      },
    }),
  },
  'receives into one buffer': {
    caughtBy: 'messages and their bytes do not change',
    breaking: (sound) => {
      const buffer = new Uint8Array(1 << 24)
      const reused = (message: Message) => {
        if (message.type !== 'appendEntries' || message.entries.count === 0) return message
        const { firstIndex, runs, offsets, bytes } = message.entries
        buffer.set(bytes)
        return { ...message, entries: new EntryBatch(firstIndex, runs, offsets, buffer) }
      }
      return {
        attach: (group, receiver) =>
          sound.attach(group, { ...receiver, onMessage: (from, message) => receiver.onMessage(from, reused(message)) }),
      }
    },
  },
  'delivers to a detached group': { caughtBy: 'a detached group receives nothing', breaking: () => ({ detach: () => {} }) },
  'delivers to a detached receiver what was on its way': {
    caughtBy: 'on its way when a group is detached',
    breaking: received((receiver) => (from, message) => void setTimeout(() => receiver.onMessage(from, message), 3)),
  },
  'goes on with the first receiver of a group': {
    caughtBy: 'on its way when a group is detached',
    breaking: (sound) => {
      const firsts = new Map<number, TransportReceiver>()
      return {
        attach: (group, receiver) => {
          const first = firsts.get(group) ?? receiver
          firsts.set(group, first)
          sound.attach(group, first)
        },
      }
    },
  },
  'has one list of members for all groups': {
    caughtBy: 'one group may lose a member',
    breaking: (sound) => {
      let known: readonly string[] = []
      return {
        setMembers: (_, members) => {
          known = members.map(({ id }) => id)
        },
        send: (to, message) => {
          if (known.includes(to)) sound.send(to, message)
        },
      }
    },
  },
  'learns the members of a group once': {
    caughtBy: 'added to a group later',
    breaking: (sound) => {
      const known = new Map<number, readonly string[]>()
      return {
        setMembers: (group, members) => {
          if (!known.has(group))
            known.set(
              group,
              members.map(({ id }) => id),
            )
        },
        send: (to, message) => {
          if (known.get(message.group)?.includes(to) === true) sound.send(to, message)
        },
      }
    },
  },
  'sends the first message of a turn only': {
    caughtBy: 'sent in one turn',
    breaking: (sound) => {
      let sent = false
      return {
        send: (to, message) => {
          if (sent) return
          sent = true
          setImmediate(() => {
            sent = false
          })
          sound.send(to, message)
        },
      }
    },
  },
  'reports members that listen': {
    caughtBy: 'nobody listens is reported',
    breaking: (sound) => {
      const receivers = new Map<number, TransportReceiver>()
      return {
        attach: (group, receiver) => {
          receivers.set(group, receiver)
          sound.attach(group, receiver)
        },
        send: (to, message) => {
          sound.send(to, message)
          setImmediate(() => receivers.get(message.group)?.onUnreachable(to))
        },
      }
    },
  },
  'throws for a member that nobody knows': {
    caughtBy: 'what is sent to a member that nobody knows is dropped',
    breaking: (sound) => ({
      send: (to, message) => {
        if (to === 'nobody') throw new Error('no such member')
        sound.send(to, message)
      },
    }),
  },
  'never tells of closed ports': {
    caughtBy: 'nobody listens is reported',
    breaking: (sound) => ({ attach: (group, receiver) => sound.attach(group, { ...receiver, onUnreachable: () => {} }) }),
  },
  'delivers what was never sent': {
    caughtBy: 'whatever arrives of random messages was sent so',
    breaking: received((receiver) => (from, message) => {
      receiver.onMessage(from, message)
      if (message.type === 'heartbeat') receiver.onMessage(from, { ...message, round: message.round + 1 })
    }),
  },
}

test('a sound transport passes', async () => {
  expect(await suiteOf(undefined, undefined, 20_000)).toEqual([])
})

describe('the suite catches a transport that', () => {
  for (const [name, { caughtBy, breaking, defer }] of Object.entries(variants))
    test(name, async () => {
      expect((await suiteOf(breaking, defer)).filter((failed) => failed.includes(caughtBy))).toHaveLength(1)
    })
})
