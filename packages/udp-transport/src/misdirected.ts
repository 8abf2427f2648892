import { BOOT_BYTES, type HandshakeDatagram } from './datagram.js'
import type { TransportProblem } from './problems.js'
import type { Endpoint } from './socket.js'

/** An authentic hello that was not meant for this member, `self`: somebody has a wrong address. */
export function misdirected(hello: HandshakeDatagram, self: string, boot: Uint8Array, { address, port }: Endpoint): TransportProblem {
  const { from, to, nonce } = hello
  if (from !== self)
    return {
      code: 'RAFT_WRONG_MEMBER',
      peer: from,
      message: `${from} says hello to ${to} at the address of this member, which is ${self}: the peer address of ${to} is wrong where ${from} runs, or this process should run as ${to}`,
    }
  if (Buffer.compare(nonce.subarray(0, BOOT_BYTES), boot) === 0)
    return {
      code: 'RAFT_PEER_IS_SELF',
      peer: to,
      message: `what is sent to the peer address of ${to} comes back to this member, ${self}: two members have one address, or this process should run as ${to}`,
    }
  return {
    code: 'RAFT_MEMBER_RUNS_TWICE',
    peer: self,
    message: `another process runs as ${self}, as this one does, and says hello to ${to} from ${address} (port ${port}): stop the one that should not run`,
  }
}
