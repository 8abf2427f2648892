import type { Suite } from '../suite.js'
import { turns } from '../waiting.js'
import { heartbeat, large, manyKinds } from './messages.js'
import { textOf } from './network.js'
import type { On, TransportFeature } from './suite.js'

/** Groups and members that come and go while messages are on their way. */
export function declareMembers(suite: Suite<TransportFeature>, on: On): void {
  suite.test(
    'what is on its way when a group is detached is not delivered',
    on(async (stations) => {
      const [a, b] = await stations.pair([0, 1])
      await stations.deliver(a, b, heartbeat(0, 1))
      for (let round = 1; round < 10; round++) {
        for (let i = 0; i < 5; i++) a.send('b', heartbeat(0, 10 * round + i))
        a.send('b', large(0, round, 100_000))
        await turns(round % 3)
        b.detach(0)
        await stations.deliver(a, b, heartbeat(1, round))
        // The station takes a call of the old receiver for a fault.
        b.attach(0, [a.member, b.member])
      }
      await stations.deliver(a, b, heartbeat(0, 1000))
    }),
  )

  suite.test(
    'one group may lose a member that another one keeps',
    on(async (stations) => {
      const [a, b] = await stations.pair([0, 1])
      await stations.deliver(a, b, heartbeat(0, 1))
      a.setMembers(1, [a.member])
      await stations.deliver(a, b, heartbeat(0, 2))
      a.detach(1)
      await stations.deliver(a, b, heartbeat(0, 3))
      await stations.deliver(b, a, heartbeat(0, 4))
    }),
  )

  suite.test(
    'a member that is added to a group later is reached',
    on(async (stations) => {
      const [a, b] = await stations.pair()
      const c = await stations.join('c')
      const members = [a.member, b.member, c.member]
      a.send('c', heartbeat(0, 1))
      for (const station of [a, b]) station.setMembers(0, members)
      c.attach(0, members)
      await stations.deliver(a, c, heartbeat(0, 2))
      await stations.deliver(c, b, heartbeat(0, 3))
    }),
  )

  suite.test(
    'messages that are sent in one turn, to several members, all arrive',
    on(async (stations) => {
      const all = await stations.joined(['a', 'b', 'c'], [0, 7])
      const messages = [0, 7].flatMap((group) => [heartbeat(group, 1), heartbeat(group, 2), manyKinds(group), large(group, 3, 200_000)])
      const missing = () =>
        all.flatMap((to) =>
          all
            .filter((from) => from !== to)
            .flatMap((from) =>
              messages.filter(
                (message) => !to.arrivals(message.group).some((arrival) => arrival.from === from.id && arrival.text === textOf(message)),
              ),
            ),
        ).length
      await stations.until(
        'each of several messages sent in one turn, between all of three members',
        () => missing() === 0,
        () => {
          for (const from of all) for (const to of all) if (from !== to) for (const message of messages) from.send(to.id, message)
        },
        1000,
      )
    }),
  )
}
