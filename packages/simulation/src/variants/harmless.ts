export interface Harmless {
  readonly breaks: string
  readonly why: string
}

/** What was tried as a variant and turned out to break no promise: so that nobody tries it again. */
export const harmless: readonly Harmless[] = [
  {
    breaks: 'a candidate counts what was promised to it as votes',
    why: 'a promise for a term that has begun is dropped before a role sees it (terms.ts)',
  },
  {
    breaks: 'votes are given without a look at the log, promises with one',
    why: 'who is promised nothing does not ask; it takes a request that is late by more than an election, and a voter that got entries meanwhile and lost its leader since. Both checks are one function, and that is a variant',
  },
  {
    breaks: 'a request for votes does not wait for the entries that it claims to have',
    why: 'the question whether to ask, before it, has waited for them',
  },
  {
    breaks: 'all members have the same election timeout',
    why: 'messages take their time, clocks differ, and a member that would win asks first whether it would: somebody is first',
  },
  {
    breaks: 'a follower acknowledges its last index',
    why: 'a leader goes back to exactly where the logs agree, and what conflicts is replaced before anything is acknowledged: no old tail is left',
  },
  {
    breaks: 'the read index is taken when the round is confirmed, not when it is sent',
    why: 'it is the same or later, so that the read sees more',
  },
  {
    breaks: 'what is left of a torn write is not erased',
    why: 'the next write begins where it began, and bytes from the middle of a write are no header',
  },
  {
    breaks: 'the transport sends no probe when nothing is acknowledged',
    why: 'the leader sends again itself, and the answer to that shows what is missing',
  },
  {
    breaks: 'a datagram that comes twice is taken twice',
    why: 'fragments are counted once, and a message of Raft may be repeated. Who replays datagrams on purpose is another matter, and tested in packages/udp-transport, like a confirmation of a handshake that is replayed',
  },
  {
    breaks: 'a datagram that comes late is taken for a repeated one',
    why: 'it counts as lost, and is sent again',
  },
]
