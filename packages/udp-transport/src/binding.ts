import { ConfigurationError } from '@raft/core'
import type { ResolvedOptions } from './options.js'
import type { DatagramHandlers, DatagramSocket } from './socket.js'

type Bound = (error: ConfigurationError | null, socket: DatagramSocket | null) => void

/** Binds the socket at which this member is reached. `done` may be called before this returns. */
export function bindSocket(options: ResolvedOptions, handlers: DatagramHandlers, done: Bound): void {
  const { bind, sockets } = options
  const failed = (cause: Error | null): void => {
    const reason = cause === null ? '' : ` (${cause.message})`
    done(new ConfigurationError(`cannot receive at ${bind.host}:${bind.port}${reason}: choose another 'bind'`), null)
  }
  /** To the first of the addresses that this machine has: a name may mean one of a family that is switched off. */
  const bindFirst = ([address, ...rest]: readonly string[]): void => {
    if (address === undefined) {
      failed(null)
      return
    }
    sockets.bind({ address, port: bind.port }, handlers, (error, socket) => {
      if (isNoAddressHere(error) && rest.length > 0) bindFirst(rest)
      else if (error !== null || socket === null) failed(error)
      else done(null, socket)
    })
  }
  sockets.lookup(bind.host, (error, addresses) => (error === null ? bindFirst(addresses) : failed(error)))
}

function isNoAddressHere(error: NodeJS.ErrnoException | null): boolean {
  return error?.code === 'EADDRNOTAVAIL' || error?.code === 'EAFNOSUPPORT'
}
