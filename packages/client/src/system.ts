import { connect, type LookupFunction } from 'node:net'
import { performance } from 'node:perf_hooks'
import * as timers from 'node:timers'
import { ConfigurationError } from '@raft/commands'
import type { Clock, Connection, ConnectionEvents, Connector } from './ports.js'

/** Taken once, when this module is loaded: a timer of what a test puts in their place for a while would never fire afterwards. */
const { clearTimeout, setImmediate, setTimeout } = timers
const now: () => number = performance.now.bind(performance)

/** In ms: with more a timer of Node fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1

export const systemClock: Clock = {
  now,
  schedule(time, callback) {
    let timer: NodeJS.Timeout
    const set = () => {
      const delay = Math.max(0, time - now())
      timer = delay > LONGEST_TIMER ? setTimeout(set, LONGEST_TIMER) : setTimeout(callback, delay)
    }
    set()
    return () => clearTimeout(timer)
  },
  defer(callback) {
    setImmediate(callback)
  },
}

/**
 * TCP with node:net: no delay, so that a turn's write leaves at once, and keep-alive. Where a name means several addresses, the next
 * is tried when one refuses, and when one has not answered for 250 ms.
 */
export const tcpConnector: Connector = { connect: (address, events) => openConnection(address, events) }

/** @param lookup what resolves names; default: dns.lookup */
export function openConnection(address: string, events: ConnectionEvents, lookup?: LookupFunction): Connection {
  const socket = connect({
    ...parseAddress(address),
    // A process may have switched it off for its other connections.
    autoSelectFamily: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 15_000,
    ...(lookup === undefined ? {} : { lookup }),
  })
  let failure: Error | null = null
  socket.on('connect', events.onOpen)
  socket.on('data', events.onData)
  socket.on('drain', events.onDrain)
  socket.on('error', (error) => {
    failure = withReasons(error)
  })
  const onClose = () => events.onClose(failure)
  socket.on('close', onClose)
  return {
    write: (bytes) => socket.write(bytes),
    close() {
      socket.off('close', onClose)
      socket.off('data', events.onData)
      socket.off('connect', events.onOpen)
      socket.off('drain', events.onDrain)
      socket.destroy()
    },
  }
}

/** Where several addresses were tried, Node's error says nothing itself, and has one error for each of them. */
function withReasons(error: Error): Error {
  if (!(error instanceof AggregateError)) return error
  return new Error(error.errors.map(({ message }) => message).join('; '), { cause: error })
}

/**
 * The client's own grammar of addresses, beside that of `@raft/system`: the client depends on no other package.
 * @throws ConfigurationError unless it is `host:port` or `[ipv6]:port`.
 */
export function parseAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(address)
  const port = Number(match?.[3])
  const host = match?.[1] ?? match?.[2]
  if (host === undefined || port < 1 || port > 65_535)
    throw new ConfigurationError(`${JSON.stringify(address)} is no address of a member: write host:port, like 127.0.0.1:8001`)
  return { host, port }
}
