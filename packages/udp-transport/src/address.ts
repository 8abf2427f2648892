import { ConfigurationError } from '@raft/core'

/** `host` may still be a name. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/**
 * Reads `host:port`; an IPv6 address stands in brackets: `[::1]:7001`.
 * @throws ConfigurationError for anything else.
 */
export function parseHostPort(text: string): HostPort {
  const match = /^(?:\[([^\]\s]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || !(port <= 65535))
    throw new ConfigurationError(`'${text}' is no address: expected host:port, as in 127.0.0.1:7001 or [::1]:7001`)
  return { host, port }
}

/** The IPv4 address that a socket for both families shows as `::ffff:192.0.2.1`; any other address as it is. */
export function ipv4OfMapped(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
}
