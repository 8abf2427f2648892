import { Server } from 'node:http'

/** Node's HTTP server, of which `ClientPort` decides when connections end. */
export class HttpServer extends Server {
  /** A client may end its side and wait for its answers. A property of Node's from its first days, which its documents leave out. */
  readonly httpAllowHalfOpen = true

  /** Called by Node when it closes: it would cut off answers that have not left, and connections that end gently. */
  override closeIdleConnections(): void {}
}
