import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { HttpError } from './answer.js'

/** Stands for every host. */
const ANY_HOST = '*'

/** What load balancers and supervisors ask, under whatever name. It changes nothing, and tells nothing of what is stored. */
const OPEN: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/**
 * Keeps pages of the web away from the member: a browser that shows one can reach whatever the reader's machine can reach, and
 * asks for it in the reader's name.
 */
export class Gate {
  readonly #isAnyAllowed: boolean
  readonly #names: ReadonlySet<string>

  /** @param names of hosts under which the member may be asked, without ports. Loopback names and IP addresses are always allowed. */
  constructor(names: Iterable<string>) {
    this.#names = new Set([...names].map((name) => name.toLowerCase()))
    this.#isAnyAllowed = this.#names.has(ANY_HOST)
  }

  /** @throws HttpError 421 for another host, 403 for what a page of another origin asks */
  check(request: IncomingMessage, path: string): void {
    if (OPEN.has(path)) return
    const authority = authorityOf(request)
    // Every browser says whom it asks.
    if (authority !== null) this.#checkHost(authority)
    const { origin } = request.headers
    if (origin !== undefined) checkOrigin(origin, authority)
  }

  #checkHost(authority: string): void {
    if (this.#isAnyAllowed) return
    const host = hostOf(authority)
    if (host !== null && (isLoopbackName(host) || isAddress(host) || this.#names.has(host))) return
    throw new HttpError(
      421,
      'HOST_NOT_ALLOWED',
      `this member does not answer under the host ${JSON.stringify(authority.slice(0, 80))}: ask at one of its addresses, or name the host in "allowedHosts"`,
    )
  }
}

/** The member has no pages: one that comes from where the member itself is asked was put there by whoever runs a proxy before it. */
function checkOrigin(origin: string, authority: string | null): void {
  if (authority !== null && URL.canParse(origin)) {
    const { protocol, host } = new URL(origin)
    const own = `${protocol}//${authority}`
    if (/^https?:$/.test(protocol) && URL.canParse(own) && new URL(own).host === host) return
  }
  throw new HttpError(
    403,
    'ORIGIN_NOT_ALLOWED',
    `pages of ${JSON.stringify(origin.slice(0, 80))} may not ask this member: let a server of your own ask it for them`,
  )
}

/** Whom the request asks, as `host` or `host:port`: of the target where that says so (RFC 9112 §3.2.2). Null where nothing says. */
function authorityOf({ url = '', headers }: IncomingMessage): string | null {
  const inTarget = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1]
  return inTarget ?? headers.host ?? null
}

/** In lower case, without the port, and without the dot that a complete name may end with; null where it is no authority. */
function hostOf(authority: string): string | null {
  const match = /^(\[[0-9a-f:.]+\]|[^:@[\]/\\]+)(?::\d*)?$/i.exec(authority)
  return match?.[1]?.toLowerCase().replace(/\.$/, '') ?? null
}

function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost')
}

/** Who asks under an address has got it from nobody: only a name can be made to stand for another address than before. */
function isAddress(host: string): boolean {
  return isIP(host.replace(/^\[|\]$/g, '')) !== 0
}
