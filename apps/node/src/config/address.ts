import { type HostPort, parseHostPort } from '@raft/system'

/** The characters of an IPv6 address with its zone, and those of an IPv4 address or a name. */
const IPV6 = /^[0-9a-fA-F:.%a-z]+$/
const NAME = /^[A-Za-z0-9._-]+$/

/** The address that stands for all addresses of a machine, in the spellings to which a URL brings all of them. */
const UNSPECIFIED: ReadonlySet<string> = new Set(['0.0.0.0', '[::]', '[::ffff:0:0]'])

/** `host:port` or `[IPv6]:port`, with a port from 1 to 65535; null when `text` is neither. */
export function parseAddress(text: string): HostPort | null {
  const address = parseHostPort(text)
  if (address === null || address.port < 1) return null
  return (text.startsWith('[') ? IPV6 : NAME).test(address.host) ? address : null
}

/** Whether the host stands for all addresses of a machine, at which one can listen and nobody can be reached. */
export function isUnspecified({ host }: HostPort): boolean {
  const url = `http://${host.includes(':') ? `[${host}]` : host}`
  return URL.canParse(url) && UNSPECIFIED.has(new URL(url).hostname)
}

/** The text that says what was expected, where an address for listening stands in place of one at which others reach the member. */
export function reachable(kind: 'peer' | 'client', text: string): string {
  return `an address at which others reach this member (what to listen at is given beside it, as "bind": {"${kind}": "${text}"})`
}

export const HOST_NAME = 'the name of a host like "raft.example.com" without port, or "*"'

/** Whether HTTP may name it as whom it asks; `*` stands for any. */
export function isHostName(text: unknown): text is string {
  return typeof text === 'string' && (text === '*' || /^[A-Za-z0-9._-]{1,255}$/.test(text))
}
