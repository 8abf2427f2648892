import assert from 'node:assert/strict'
import { randomFrom } from '../random.js'
import { Suite, type SuiteOptions } from '../suite.js'
import { declareMembers } from './members.js'
import { everyMessage, heartbeat, large, manyKinds, randomMessage } from './messages.js'
import { type Station, Stations, type TransportNetwork, textOf } from './network.js'

/**
 * What a transport may lack. `unreachable`: it tells when nobody listens at a member's address. `lanes`: small messages
 * overtake large ones; unsupported where a message takes no time by its size.
 */
export type TransportFeature = 'unreachable' | 'lanes'

export interface TransportSuiteOptions extends SuiteOptions<TransportFeature> {
  /** A new network, with nobody on it. */
  readonly make: () => TransportNetwork | Promise<TransportNetwork>
}

const GROUPS = [0, 7, 0xffff_ffff]

/** Declares the tests of the `Transport` port. @throws ConfigurationError for an unknown feature. */
export function transportSuite(options: TransportSuiteOptions): void {
  const suite = new Suite(options, ['unreachable', 'lanes'])
  const on = (scenario: (stations: Stations) => Promise<void>) => async () => {
    const stations = new Stations(await options.make(), suite.timeout)
    try {
      await scenario(stations)
    } catch (error) {
      await stations.end().catch(() => {})
      throw error
    }
    await stations.end()
  }
  declareDelivery(suite, on)
  declareGroups(suite, on)
  declareMembers(suite, on)
  declareWeather(suite, on)
}

export type On = (scenario: (stations: Stations) => Promise<void>) => () => Promise<void>

function declareDelivery(suite: Suite<TransportFeature>, on: On): void {
  suite.test(
    'every type of message arrives as it was sent',
    on(async (stations) => {
      const [a, b] = await stations.pair()
      for (const message of [...everyMessage(0), manyKinds(0)]) await stations.deliver(a, b, message)
    }),
  )

  suite.test(
    'a message arrives at the member it was sent to alone, and says who sent it',
    on(async (stations) => {
      const all = await stations.joined(['a', 'member-two', 'ü'.repeat(100)])
      let round = 0
      const sent = new Map<string, string>()
      for (const from of all)
        for (const to of all) {
          if (from === to) continue
          round += 1
          const message = heartbeat(0, round)
          sent.set(textOf(message), `${from.id} to ${to.id}`)
          await stations.deliver(from, to, message)
        }
      await stations.silence()
      for (const to of all)
        for (const { from, text } of to.arrivals(0)) assert.equal(`${from} to ${to.id}`, sent.get(text), 'who sent a message to whom')
    }),
  )

  suite.test(
    'no receiver is called from inside send',
    on(async (stations) => {
      const [a, b] = await stations.pair()
      await stations.deliver(a, b, heartbeat(0, 1))
      // Now that the way is known.
      await stations.deliver(a, b, heartbeat(0, 2))
      await stations.deliver(b, a, heartbeat(0, 3))
    }),
  )

  suite.test(
    'a message of 10 MB arrives',
    on(async (stations) => {
      const [a, b] = await stations.pair()
      await stations.deliver(a, b, large(0, 5, 10_000_000))
    }),
  )

  suite.testOf(
    'lanes',
    'a small message does not wait behind large ones',
    on(async (stations) => {
      const [a, b] = await stations.pair()
      await stations.deliver(a, b, heartbeat(0, 1))
      const before = b.arrivals(0).length
      for (let i = 1; i <= 20; i++) a.send('b', large(0, i, 1_000_000))
      const at = await stations.deliver(a, b, heartbeat(0, 2))
      const overtaken =
        20 -
        b
          .arrivals(0)
          .slice(before, at)
          .filter(({ message }) => message.type === 'appendEntries').length
      assert(overtaken > 10, `a heartbeat sent behind 20 messages of 1 MB overtook only ${overtaken} of them`)
    }),
  )

  suite.test(
    'messages and their bytes do not change, neither those sent nor those received',
    on(async (stations) => {
      const [a, b] = await stations.pair()
      const first = manyKinds(0)
      const text = textOf(first)
      await stations.until(
        'a message with entries',
        () => b.arrivals(0).length > 0,
        () => a.send('b', first),
      )
      for (let i = 1; i <= 20; i++) await stations.deliver(a, b, large(0, i, 1000 * i))
      assert.equal(textOf(first), text)
      for (const arrival of b.arrivals(0)) assert.equal(textOf(arrival.message), arrival.text)
    }),
  )
}

function declareGroups(suite: Suite<TransportFeature>, on: On): void {
  suite.test(
    'each group gets its own messages only',
    on(async (stations) => {
      const [a, b] = await stations.pair(GROUPS)
      for (const group of GROUPS) for (const message of [heartbeat(group, 1), large(group, 3, 5000)]) await stations.deliver(a, b, message)
      await stations.silence()
      assertSeparated(b)
    }),
  )

  suite.test(
    'messages of a group that nobody attached are dropped',
    on(async (stations) => {
      const [a, b] = await stations.pair()
      a.attach(5, [a.member, b.member])
      a.send('b', heartbeat(5, 1))
      a.send('b', large(5, 2, 5000))
      await stations.deliver(a, b, heartbeat(0, 1))
      await stations.silence()
      assertSeparated(b)
    }),
  )

  suite.test(
    'a detached group receives nothing, and sends nothing, until it is attached again',
    on(async (stations) => {
      const [a, b] = await stations.pair([0, 1])
      await stations.deliver(a, b, heartbeat(0, 1))
      await stations.deliver(b, a, heartbeat(0, 2))
      await stations.silence()
      const counts = () => [a.arrivals(0).length, b.arrivals(0).length]
      b.detach(0)
      const before = counts()
      for (let round = 10; round < 20; round++) {
        a.send('b', heartbeat(0, round))
        b.send('a', heartbeat(0, round))
        await stations.deliver(a, b, heartbeat(1, round))
      }
      await stations.silence()
      assert.deepEqual(counts(), before, 'what arrived at either end of the detached group')
      b.attach(0, [a.member, b.member])
      await stations.deliver(a, b, heartbeat(0, 30))
      await stations.deliver(b, a, heartbeat(0, 31))
    }),
  )
}

function declareWeather(suite: Suite<TransportFeature>, on: On): void {
  suite.test(
    'what is sent to a member that nobody knows is dropped',
    on(async (stations) => {
      const [a, b] = await stations.pair()
      for (const id of ['nobody', 'x'.repeat(255)]) for (const message of [heartbeat(0, 1), large(0, 3, 5000)]) a.send(id, message)
      await stations.deliver(a, b, heartbeat(0, 2))
    }),
  )

  suite.test(
    'a member that comes back elsewhere is reached there once its address is known',
    on(async (stations) => {
      const [a, b] = await stations.pair()
      await stations.deliver(a, b, heartbeat(0, 1))
      await b.stop()
      a.send('b', heartbeat(0, 2))
      a.send('b', large(0, 3, 100_000))
      const back = await stations.join('b')
      const members = [a.member, back.member]
      back.attach(0, members)
      a.setMembers(0, members)
      await stations.deliver(a, back, heartbeat(0, 3))
      await stations.deliver(back, a, heartbeat(0, 4))
    }),
  )

  suite.testOf(
    'unreachable',
    'a member at whose address nobody listens is reported to the group that sends to it',
    on(async (stations) => {
      const [a, b] = await stations.pair()
      await stations.deliver(a, b, heartbeat(0, 1))
      assert.deepEqual(a.unreachable, [], 'reported while the member listened')
      await b.stop()
      await stations.until(
        'onUnreachable',
        () => a.unreachable.length > 0,
        () => a.send('b', heartbeat(0, 1)),
      )
      assert.deepEqual(a.unreachable[0], { group: 0, peer: 'b' })
    }),
  )

  suite.test(
    'whatever arrives of random messages was sent so, by this member to this one',
    on(async (stations) => {
      const all = await stations.joined(['a', 'b', 'c'], GROUPS)
      const random = randomFrom(1)
      const sent = new Set<string>()
      for (let i = 0; i < 300; i++) {
        const from = all[i % 3]
        const to = all[(i + 1 + (i % 2)) % 3]
        const message = randomMessage(GROUPS[Math.floor(random() * 3)] as number, random)
        if (from === undefined || to === undefined) continue
        sent.add(`${from.id}>${to.id}:${textOf(message)}`)
        from.send(to.id, message)
      }
      await stations.silence()
      for (const to of all) {
        assertSeparated(to)
        for (const group of GROUPS)
          for (const { from, text } of to.arrivals(group))
            assert(sent.has(`${from}>${to.id}:${text}`), `${to.id} got what ${from} never sent`)
      }
    }),
  )
}

function assertSeparated(station: Station): void {
  for (const group of [...GROUPS, 5])
    for (const { message } of station.arrivals(group)) assert.equal(message.group, group, 'the group of a message that a group got')
}
