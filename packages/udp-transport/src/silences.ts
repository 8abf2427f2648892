import type { MemberId } from '@raft/core'
import type { TransportProblem } from './problems.js'

/** Why nothing is heard from a member, as far as that is known. */
export type SilenceCause =
  /** It says hello, and nobody listens where this member has its address. */
  | 'wrongAddress'
  /** The system says that nobody listens at its address. */
  | 'closed'
  /** It says hello, and what is sent to it does not arrive. */
  | 'deaf'
  /** What answers at its address is no member. */
  | 'foreign'
  /** The name in its address has no address. */
  | 'unresolved'
  /** The system sends nothing to its address. */
  | 'unsendable'
  /** Nothing comes, and nothing says why. */
  | 'silent'

/** In a few words, for a list of members: `n2 (127.0.0.1:7002): nobody listens there`. */
export const SILENCES: Readonly<Record<SilenceCause, string>> = {
  wrongAddress: 'it says hello, but nobody listens at this address',
  closed: 'nobody listens there',
  deaf: 'it says hello, and what is sent to it does not arrive',
  foreign: 'what answers there is no member of this version',
  unresolved: 'its name cannot be resolved',
  unsendable: 'the system sends nothing to this address',
  silent: 'it does not answer',
}

export interface Silence {
  readonly peer: MemberId
  /** As it is configured here. */
  readonly address: string
  /** This member. */
  readonly self: MemberId
  readonly cause: SilenceCause
  /** For how long nothing has come, in ms. */
  readonly silentFor: number
  /** Hellos that were sent meanwhile. */
  readonly hellos: number
  /** Why the name was not found, or nothing can be sent. */
  readonly failure: string | null
}

/** What the owner is told of a member from which nothing has come. */
export function silenceProblem(silence: Silence): TransportProblem {
  const { peer, address, self, cause, hellos, failure } = silence
  const seconds = inSeconds(silence.silentFor)
  switch (cause) {
    case 'wrongAddress':
      return {
        code: 'RAFT_PEER_PORT_CLOSED',
        peer,
        message: `${peer} says hello, so it runs, but nobody listens at ${address}, which is its peer address here: correct the address, or where ${peer} listens`,
      }
    case 'closed':
      return {
        code: 'RAFT_PEER_PORT_CLOSED',
        peer,
        message: `nobody listens at ${address}, the peer address of ${peer}, from which nothing has come for ${seconds}: start ${peer}, or correct the address. A firewall that rejects datagrams looks the same`,
      }
    case 'deaf':
      return {
        code: 'RAFT_PEER_HEARS_NOTHING',
        peer,
        message: `${peer} says hello again and again, so what it sends arrives here, but what is sent to it at ${address} does not arrive there: is that its peer address, and does a firewall drop UDP from here to there?`,
      }
    case 'foreign':
      return {
        code: 'RAFT_PEER_FOREIGN',
        peer,
        message: `what answers at ${address}, the peer address of ${peer}, is no member of this version: another program has the port, or the address is wrong`,
      }
    case 'unresolved':
      return {
        code: 'RAFT_PEER_UNRESOLVED',
        peer,
        message: `the peer address of ${peer}, ${address}, cannot be used (${failure ?? 'the name has no address'}): correct it, or the name service`,
      }
    case 'unsendable':
      return {
        code: 'RAFT_PEER_NO_ROUTE',
        peer,
        message: `this system sends nothing to ${address}, the peer address of ${peer} (${failure}): is the network up, is there a route, is UDP allowed out? Correct that, or the address`,
      }
    case 'silent':
      return {
        code: 'RAFT_PEER_SILENT',
        peer,
        message:
          `nothing has come from ${peer} (${address}) for ${seconds}, and ${hellos} hellos were not answered: does it run, is that its peer address, ` +
          `is UDP allowed in both directions? A member with another secret, cluster id or list of members does not answer either, nor one that has a wrong peer address of ${self}`,
      }
  }
}

/** `12 s`, or `5 min` from two minutes on. */
export function inSeconds(milliseconds: number): string {
  return milliseconds < 120_000 ? `${Math.round(milliseconds / 1000)} s` : `${Math.round(milliseconds / 60_000)} min`
}
