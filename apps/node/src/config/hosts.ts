import { StartError } from '../errors.js'
import type { CreateNodeOptions } from '../options.js'
import { HOST_NAME, isHostName, parseAddress } from './address.js'
import { problem } from './problems.js'

/** @throws StartError */
export function checkAllowedHosts({ allowedHosts = [] }: CreateNodeOptions): void {
  for (const host of allowedHosts) if (!isHostName(host)) throw new StartError(problem('allowedHosts', HOST_NAME, host))
}

/** Names under which clients may ask the member over HTTP: its own, and those that are allowed. */
export function hostsOf({ id, members, bind, allowedHosts = [] }: CreateNodeOptions): string[] {
  const own = [members[id]?.client, bind?.client].map((address) => (address === undefined ? null : parseAddress(address)))
  return [...own.flatMap((address) => (address === null ? [] : [address.host])), ...allowedHosts]
}
