import type { Variant } from './variant.js'

const ACCESS = 'apps/node/src/routing/leader-access.ts'

/** What a member forwards to whoever leads, over connections that hang and break. */
export const forwarding: readonly Variant[] = [
  {
    name: 'a forwarded write is sent again when its connection is given up',
    breaks: 'the connection to a leader that is silent is given up, and what was sent over it may take effect twice',
    file: ACCESS,
    search: "if (reply.type === 'lost' && task.isWrite) {",
    replace: "if (reply.type === 'lost' && task.isWrite && reply.body !== undefined) {",
    stack: 'server',
    maxSeeds: 400,
  },
  {
    name: 'a forwarded write moves to the next leader',
    breaks: 'when another member leads, writes go there along with the reads, although they were sent to the former leader',
    file: ACCESS,
    search: 'if (task.isWrite && place.connection.hasSent(place.request)) {',
    replace: 'if (task.isWrite && !place.connection.hasSent(place.request)) {',
    stack: 'server',
    maxSeeds: 400,
  },
  {
    name: 'a forwarded write that is not answered in time is called not done',
    breaks: 'whether a forwarded request has left is not asked when its time is over',
    file: ACCESS,
    search: "const hasLeft = place === 'here' || place.connection.cancel(place.request)",
    replace: "const hasLeft = place === 'here' || (place.connection.cancel(place.request) && false)",
    stack: 'server',
    maxSeeds: 400,
  },
]
