import type { Clock, Transport } from '@raft/core'
import {
  checkSecrets,
  type PeerStatus,
  type Secret,
  type TransportIdentity,
  type TransportPresence,
  type TransportProblem,
  UdpTransport,
} from '@raft/udp-transport'
import { logListening } from './config/listening.js'
import { StartError } from './errors.js'
import type { CreateNodeOptions } from './options.js'

/** A transport that runs, and how to look into it and stop it. */
export interface RunningTransport {
  readonly transport: Transport
  /** Totals by name; drops as `dropped_<reason>`. */
  readonly counters: () => Record<string, number>
  /** When each other member was heard last, and why not since; empty where the transport does not tell. */
  readonly peers: () => readonly PeerStatus[]
  readonly stop: () => Promise<void>
}

/** Before anything is made, for a directory that is formatted depends on the secret. @throws StartError, ConfigurationError */
export function checkTransportOptions(options: CreateNodeOptions): { readonly bind: string; readonly secrets: readonly Secret[] } {
  const { id, members, secret } = options
  const bind = options.bind?.peer ?? members[id]?.peer
  if (bind === undefined) throw new StartError(`members: expected the addresses of ${id}, found ${Object.keys(members).join(', ')}`)
  if (secret === undefined) throw new StartError('secret: a secret that all members share is needed; there is no default')
  const secrets = secretsOf(secret)
  checkSecrets(secrets)
  return { bind, secrets }
}

/** The transport that is given, which its maker starts and stops; or encrypted UDP. @throws StartError, ConfigurationError */
export async function startTransport(
  options: CreateNodeOptions & { readonly clock: Clock },
  clusterId: string,
  identity: TransportIdentity | null,
): Promise<RunningTransport> {
  if (options.transport !== undefined) return { transport: options.transport, counters: () => ({}), peers: () => [], stop: async () => {} }
  const { id, clock, logger, maxDatagramBytes } = options
  const { bind, secrets } = checkTransportOptions(options)
  const onProblem = ({ code, peer, message }: TransportProblem) => logger?.warn({ code, peer }, message)
  const onPresence = ({ change, peer, message, untold }: TransportPresence) =>
    logger?.info({ change, peer, ...(untold === 0 ? {} : { untold }) }, message)
  const transport = new UdpTransport({
    id,
    clusterId,
    bind,
    secrets,
    clock,
    onProblem,
    onPresence,
    ...(maxDatagramBytes === undefined ? {} : { maxDatagramBytes }),
    ...(identity === null ? {} : { identity }),
  })
  try {
    await transport.start()
    const { local } = transport
    if (local !== null) logListening(logger, 'members', bind, { host: local.address, port: local.port })
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    const advice = message.includes('EADDRINUSE') ? ': another process uses it; stop that one or choose another address' : ''
    throw new StartError(`cannot listen for members on ${bind} (${message})${advice}`, { cause })
  }
  return { transport, counters: () => flatten(transport.counters()), peers: () => transport.peers(), stop: () => transport.close() }
}

/** The secrets of the option, of which the first is used and all are accepted. */
export function secretsOf(secret: CreateNodeOptions['secret']): readonly Secret[] {
  if (secret === undefined) return []
  return typeof secret === 'string' || secret instanceof Uint8Array ? [secret] : secret
}

function flatten(counters: object): Record<string, number> {
  const flat: Record<string, number> = {}
  for (const [name, value] of Object.entries(counters)) {
    if (typeof value === 'number') flat[name] = value
    else for (const [reason, count] of Object.entries(value as object)) flat[`${name}_${reason}`] = Number(count)
  }
  return flat
}
