/** Where a socket is reached or bound. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

const PATTERN = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/

/** `host:port` or `[IPv6]:port`, with a port from 1 to 65535; null when `text` is neither. */
export function parseAddress(text: string): HostPort | null {
  const match = PATTERN.exec(text)
  if (match === null) return null
  const host = match[1] ?? match[2] ?? ''
  const port = Number(match[3])
  return port >= 1 && port <= 65_535 ? { host, port } : null
}

export function formatAddress({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
