/** What was dropped, and why. Counts datagrams where a datagram was refused, messages where a message was. */
export interface DropCounters {
  /** Datagrams of another version of this protocol, or none of ours at all. */
  unknownVersion: number
  /** Too short, of an unknown kind, or with contents that make no sense. */
  malformed: number
  /** A handshake under a secret that this member does not accept, or plain text where secrets rule (and the other way round). */
  unknownSecret: number
  /** Sealed for a session that is not (any more) open here: after a restart, of a stranger, or very late. */
  unknownSession: number
  /** Forged or garbled: the seal does not fit. */
  failedToOpen: number
  /** Was here before, or is too old to tell. */
  replayed: number
  /** A handshake step that answers nothing that was asked: replayed, or overtaken. */
  staleHandshake: number
  /** A handshake meant for another member: two members share an address. */
  wrongMember: number
  /** A handshake with a member whose directory is not the one that it had, or that belongs to a cluster of other members. */
  refusedMember: number
  /** Messages to a member that has no address and no session. */
  unknownMember: number
  /** Handshakes of those who know the secret and are not among the members, and messages for a group of which the sender is no member. */
  stranger: number
  /** Messages of a group that is not attached here. */
  unknownGroup: number
  /** Messages over the limit of what may wait for a member. */
  queueFull: number
  /** Messages over `maxMessageBytes`. */
  messageTooLarge: number
  /** Messages that waited for a handshake that was not answered. */
  noSession: number
  /** Messages lost with a session: the member restarted, or did not acknowledge in time. */
  sessionReset: number
  /** Half received messages whose rest did not come. */
  reassemblyTimedOut: number
  /** Datagrams with fragments beyond what may be half received at once; sent again later. */
  reassemblyFull: number
  /** Messages sent before `start` or after `close`. */
  notRunning: number
}

/** What a transport has done since it was made. Totals, never reset. */
export interface UdpCounters {
  datagramsSent: number
  bytesSent: number
  messagesSent: number
  fragmentsSent: number
  fragmentsRetransmitted: number
  acknowledgementsSent: number
  datagramsReceived: number
  bytesReceived: number
  messagesReceived: number
  /** Fragments that had arrived before: sent again though the first was not lost. */
  duplicateFragments: number
  handshakesStarted: number
  handshakesAnswered: number
  sessionsOpened: number
  sessionsClosed: number
  probeTimeouts: number
  /** Falls of the datagram size to 1,200 bytes, as larger datagrams were lost again and again. */
  datagramSizeReductions: number
  /** Datagrams that tried whether the path carries more. */
  sizeProbesSent: number
  sizeProbesLost: number
  /** Reports of the system that nobody listens at a member's address. */
  refused: number
  /** Sockets that failed, datagrams that the system would not take, names that were not found. */
  socketErrors: number
  readonly dropped: DropCounters
}

export function zeroCounters(): UdpCounters {
  return {
    datagramsSent: 0,
    bytesSent: 0,
    messagesSent: 0,
    fragmentsSent: 0,
    fragmentsRetransmitted: 0,
    acknowledgementsSent: 0,
    datagramsReceived: 0,
    bytesReceived: 0,
    messagesReceived: 0,
    duplicateFragments: 0,
    handshakesStarted: 0,
    handshakesAnswered: 0,
    sessionsOpened: 0,
    sessionsClosed: 0,
    probeTimeouts: 0,
    datagramSizeReductions: 0,
    sizeProbesSent: 0,
    sizeProbesLost: 0,
    refused: 0,
    socketErrors: 0,
    dropped: {
      unknownVersion: 0,
      malformed: 0,
      unknownSecret: 0,
      unknownSession: 0,
      failedToOpen: 0,
      replayed: 0,
      staleHandshake: 0,
      wrongMember: 0,
      refusedMember: 0,
      unknownMember: 0,
      stranger: 0,
      unknownGroup: 0,
      queueFull: 0,
      messageTooLarge: 0,
      noSession: 0,
      sessionReset: 0,
      reassemblyTimedOut: 0,
      reassemblyFull: 0,
      notRunning: 0,
    },
  }
}
