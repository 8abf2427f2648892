/** Where a socket is reached or bound. `host` is an address, or a name that is still to be looked up. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/** Reads `host:port` or `[IPv6]:port`, with a port from 0 to 65,535; null for anything else. Which hosts there can be is not looked at. */
export function parseHostPort(text: string): HostPort | null {
  const match = /^(?:\[([^\]\s]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  return host === undefined || !(port <= 65_535) ? null : { host, port }
}

/** The text that `parseHostPort` reads. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
