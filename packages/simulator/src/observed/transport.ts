import type { GroupId, Member, MemberId, Message, Transport, TransportReceiver } from '@raft/core'
import type { Observer } from './observer.js'

/** A member's transport, with everything noted that is sent and that arrives. */
export class ObservedTransport implements Transport {
  readonly #transport: Transport
  readonly #observer: Observer

  constructor(transport: Transport, observer: Observer) {
    this.#transport = transport
    this.#observer = observer
  }

  attach(group: GroupId, receiver: TransportReceiver): void {
    const { id, facts, oracles, incarnation } = this.#observer
    this.#transport.attach(group, {
      onMessage: (from, message) => {
        if (!incarnation.isAlive) return
        facts.world.note(`${from} > ${id} ${message.type}`, message.term, ...detail(message))
        oracles.tell('onDeliver', id, from, message)
        receiver.onMessage(from, message)
      },
      onUnreachable: (peer) => {
        if (incarnation.isAlive) receiver.onUnreachable(peer)
      },
    })
  }

  setMembers(group: GroupId, members: readonly Member[]): void {
    this.#transport.setMembers(group, members)
  }

  detach(group: GroupId): void {
    this.#transport.detach(group)
  }

  send(to: MemberId, message: Message): void {
    const { id, oracles, incarnation, speaker } = this.#observer
    if (!incarnation.isAlive) return
    oracles.tell('onSend', id, to, message, speaker())
    this.#transport.send(to, message)
  }
}

function detail(message: Message): (string | number | boolean)[] {
  switch (message.type) {
    case 'preVote':
    case 'requestVote':
      return [message.lastLogIndex, message.lastLogTerm]
    case 'preVoteReply':
    case 'requestVoteReply':
      return [message.voteGranted]
    case 'appendEntries':
      return [message.prevLogIndex, message.prevLogTerm, message.entries.count, message.leaderCommit]
    case 'appendEntriesReply':
      return [message.success, message.prevLogIndex, message.matchIndex, message.matchTerm]
    case 'heartbeat':
      return [message.round, message.leaderCommit]
    case 'heartbeatReply':
      return [message.round]
  }
}
