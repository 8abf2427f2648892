/** The counters of a transport that has done nothing. */
export function zeroCounters() {
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
    /** Fragments that had arrived before: sent again though the first was not lost. */
    duplicateFragments: 0,
    handshakesStarted: 0,
    handshakesAnswered: 0,
    sessionsOpened: 0,
    sessionsClosed: 0,
    probeTimeouts: 0,
    /** Falls of the datagram size to 1,200 bytes, as larger datagrams were lost again and again. */
    datagramSizeReductions: 0,
    /** Datagrams that tried whether the path carries more. */
    sizeProbesSent: 0,
    sizeProbesLost: 0,
    /** Reports of the system that nobody listens at a member's address. */
    refused: 0,
    /** Sockets that failed, datagrams that the system would not take, names that were not found. */
    socketErrors: 0,
    dropped: {
      /** Datagrams of another version of this protocol, or none of ours at all. */
      unknownVersion: 0,
      /** Too short, of an unknown kind, or with contents that make no sense. */
      malformed: 0,
      /** A handshake under a secret that this member does not accept, or plain text where secrets rule (and the other way round). */
      unknownSecret: 0,
      /** Sealed for a session that is not (any more) open here: after a restart, of a stranger, or very late. */
      unknownSession: 0,
      /** Forged or garbled: the seal does not fit. */
      failedToOpen: 0,
      /** Was here before, or is too old to tell. */
      replayed: 0,
      /** A handshake step that answers nothing that was asked: replayed, or overtaken. */
      staleHandshake: 0,
      /** A handshake meant for another member: two members share an address. */
      wrongMember: 0,
      /** A handshake with a member whose directory is not the one that it had, or that belongs to a cluster of other members. */
      refusedMember: 0,
      /** Messages to a member that has no address and no session. */
      unknownMember: 0,
      /** Handshakes of those who know the secret and are not among the members, and messages for a group of which the sender is no member. */
      stranger: 0,
      /** Messages of a group that is not attached here. */
      unknownGroup: 0,
      /** Messages over the limit of what may wait for a member. */
      queueFull: 0,
      /** Messages over `maxMessageBytes`. */
      messageTooLarge: 0,
      /** Messages that waited for a handshake that was not answered. */
      noSession: 0,
      /** Messages lost with a session: the member restarted, or did not acknowledge in time. */
      sessionReset: 0,
      /** Half received messages whose rest did not come. */
      reassemblyTimedOut: 0,
      /** Datagrams with fragments beyond what may be half received at once; sent again later. */
      reassemblyFull: 0,
      /** Messages sent before `start` or after `close`. */
      notRunning: 0,
    },
  }
}

/** What a transport has done since it was made. Totals, never reset. */
export type UdpCounters = ReturnType<typeof zeroCounters>
/** Numbers of drops by reason. Counts datagrams where a datagram was refused, messages where a message was. */
export type DropCounters = UdpCounters['dropped']
