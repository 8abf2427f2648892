import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { formatHostPort, type HostPort } from '@raft/system'
import type { NodeLogger } from '../options.js'
import { parseAddress } from './address.js'

/** All addresses of a host to listen at, in the order of the system's resolver. @throws the resolver's error */
export async function addressesOf(host: string): Promise<readonly string[]> {
  return isIP(host) === 0 ? (await lookup(host, { all: true })).map(({ address }) => address) : [host]
}

/** Whether listening failed because this machine does not have the address, such as one of a family that is switched off. */
export function isNoAddressHere(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT'
}

/** Where a name was given to listen at, the log says which address it has come to. */
export function logListening(logger: NodeLogger | undefined, whom: 'members' | 'clients', bind: string, local: HostPort): void {
  const { host } = parseAddress(bind) ?? local
  if (isIP(host) === 0) logger?.info({ bind, address: formatHostPort(local) }, `listening for ${whom}`)
}
