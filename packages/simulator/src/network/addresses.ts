import type { Links } from './links.js'

/** Hosts have addresses from 10.0.0.1 on, in the order in which they joined, and their ids are their names. */
export class Addresses {
  readonly #links: Links
  readonly #known = new Map<string, string>()
  #count = 0

  constructor(links: Links) {
    this.#links = links
  }

  /** @throws Error for a host that has not joined the links */
  of(host: string): string {
    const number = this.#links.hosts.indexOf(host) + 1
    if (number === 0) throw new Error(`host ${host} has not joined the links: call links.join('${host}') first`)
    return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`
  }

  /** The host with this address; null when there is none. */
  host(address: string): string | null {
    for (const { hosts } = this.#links; this.#count < hosts.length; this.#count++) {
      const host = hosts[this.#count] as string
      this.#known.set(this.of(host), host)
    }
    return this.#known.get(address) ?? null
  }

  /** The address that a name means, addresses meaning themselves; null when nobody has the name. */
  resolve(name: string): string | null {
    if (/^[\d.]+$/.test(name)) return name
    return this.#links.hosts.includes(name) ? this.of(name) : null
  }
}

/** The parts of `host:port`; null when it is not that. Simulated networks have no IPv6 addresses. */
export function splitAddress(text: string): { name: string; port: number } | null {
  const colon = text.lastIndexOf(':')
  const port = Number(text.slice(colon + 1))
  return colon > 0 && Number.isInteger(port) && port > 0 && port <= 65_535 ? { name: text.slice(0, colon), port } : null
}
