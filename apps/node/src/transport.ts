import type { Clock, Transport } from '@raft/core'
import { type TransportProblem, UdpTransport } from '@raft/udp-transport'
import { StartError } from './errors.js'
import type { CreateNodeOptions } from './options.js'

/** A transport that runs, and how to look into it and stop it. */
export interface RunningTransport {
  readonly transport: Transport
  /** Totals by name; drops as `dropped_<reason>`. */
  readonly counters: () => Record<string, number>
  readonly stop: () => Promise<void>
}

/** The transport that is given, which its maker starts and stops; or encrypted UDP. @throws StartError, ConfigurationError */
export async function startTransport(options: CreateNodeOptions & { readonly clock: Clock }, clusterId: string): Promise<RunningTransport> {
  if (options.transport !== undefined) return { transport: options.transport, counters: () => ({}), stop: async () => {} }
  const { id, secret, clock, logger } = options
  const bind = options.bind?.peer ?? options.members[id]?.peer
  if (bind === undefined) throw new StartError(`members: expected the addresses of ${id}, found ${Object.keys(options.members).join(', ')}`)
  if (secret === undefined) throw new StartError('secret: a secret that all members share is needed; there is no default')
  const secrets = Array.isArray(secret) ? secret : [secret]
  const onProblem = ({ code, peer, message }: TransportProblem) => logger?.warn({ code, peer }, message)
  const transport = new UdpTransport({ id, clusterId, bind, secrets, clock, onProblem })
  try {
    await transport.start()
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    const advice = message.includes('EADDRINUSE') ? ': another process uses it; stop that one or choose another address' : ''
    throw new StartError(`cannot listen for members on ${bind} (${message})${advice}`, { cause })
  }
  return { transport, counters: () => flatten(transport.counters()), stop: () => transport.close() }
}

function flatten(counters: object): Record<string, number> {
  const flat: Record<string, number> = {}
  for (const [name, value] of Object.entries(counters)) {
    if (typeof value === 'number') flat[name] = value
    else for (const [reason, count] of Object.entries(value as object)) flat[`${name}_${reason}`] = Number(count)
  }
  return flat
}
