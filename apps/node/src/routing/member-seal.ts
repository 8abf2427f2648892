import { constants, createHmac } from 'node:crypto'
import type { LookupFunction, Socket } from 'node:net'
import { type ConnectionOptions, connect, createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import type { Connection, ConnectionEvents, Connector } from '@raft/client'
import { deriveKeys, type Secret } from '@raft/udp-transport'
import { parseAddress } from '../config/address.js'

/** The first byte of a TLS handshake. Neither HTTP nor the client protocol begins with it. */
export const TLS_FIRST_BYTE = 0x16

/** What the keys are for: no other use of the secret has the same ones. */
const PURPOSE = 'raft-forward 1 psk'
const CIPHER = 'ECDHE-PSK-CHACHA20-POLY1305'
const KEEP_ALIVE_DELAY = 15_000

interface PresharedKey {
  /** Tells the other side which of its keys is meant; says nothing about the key. */
  readonly identity: string
  readonly key: Uint8Array
}

/**
 * TLS 1.2 between members, with keys that come of the cluster's secrets. A handshake that succeeds proves to both sides that the
 * other knows one of them. Each connection has an ephemeral key exchange, so that a secret which leaks opens no recorded traffic.
 */
export class MemberSeal {
  readonly #keys: readonly PresharedKey[]
  readonly #context: SecureContext
  /** Which key the next connection to an address begins with, where that is not the first. */
  readonly #beginWith = new Map<string, number>()

  /** A passphrase takes 0.1 s of another thread. @throws ConfigurationError for a secret that is too short */
  static async derive(secrets: readonly Secret[], clusterId: string): Promise<MemberSeal> {
    return new MemberSeal(await deriveKeys(secrets, clusterId, PURPOSE))
  }

  private constructor(keys: readonly Uint8Array[]) {
    this.#keys = keys.map((key) => ({ identity: createHmac('sha256', key).update('identity').digest('hex').slice(0, 16), key }))
    this.#context = createSecureContext({
      ciphers: CIPHER,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
      // A ticket would let who has its key read what was recorded, and renegotiation is work that nobody needs.
      secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    })
  }

  /**
   * The socket as the server's side of a sealed connection, which emits `secure` once the other side has proved itself.
   * What the socket has read already, it must have been given back.
   */
  accept(socket: Socket): TLSSocket {
    const sealed = new TLSSocket(socket, {
      isServer: true,
      secureContext: this.#context,
      pskCallback: (_socket: TLSSocket, identity: string) => this.#keys.find((key) => key.identity === identity)?.key ?? null,
    } as ConstructorParameters<typeof TLSSocket>[1])
    return sealed
  }

  /** Connects to other members. `onOpen` comes when both sides have proved themselves; nothing is sent before. */
  readonly connector: Connector = { connect: (address, events) => this.connect(address, events) }

  /** @param lookup what resolves names; default: dns.lookup */
  connect(address: string, events: ConnectionEvents, lookup?: LookupFunction): Connection {
    const place = parseAddress(address)
    if (place === null) throw new Error(`${JSON.stringify(address)} is no address of a member`)
    const begun = (this.#beginWith.get(address) ?? 0) % this.#keys.length
    const options = {
      ...place,
      secureContext: this.#context,
      // There are no certificates: whoever has the key is a member, whatever its name.
      checkServerIdentity: () => undefined,
      pskCallback: () => ({ psk: this.#keys[begun]?.key, identity: this.#keys[begun]?.identity }),
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY,
      // Where a name means several addresses, the next is tried when one refuses or is silent.
      autoSelectFamily: true,
      ...(lookup === undefined ? {} : { lookup }),
    } as ConnectionOptions
    return overSocket(connect(options), events, (error) => {
      if (isUnknownKey(error)) this.#beginWith.set(address, begun + 1)
      return explained(error)
    })
  }
}

function overSocket(socket: TLSSocket, events: ConnectionEvents, explain: (error: Error) => Error): Connection {
  let failure: Error | null = null
  let isOpen = false
  const onOpen = () => {
    isOpen = true
    events.onOpen()
  }
  socket.on('secureConnect', onOpen)
  socket.on('data', events.onData)
  socket.on('drain', events.onDrain)
  socket.on('error', (error) => {
    failure = isOpen ? error : explain(error)
  })
  const onClose = () => events.onClose(failure)
  socket.on('close', onClose)
  return {
    write: (bytes) => socket.write(bytes),
    close() {
      socket.off('close', onClose)
      socket.off('data', events.onData)
      socket.off('secureConnect', onOpen)
      socket.off('drain', events.onDrain)
      socket.destroy()
    },
  }
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? ''
}

/** The other side has not the key that was named: it may have another of ours. */
function isUnknownKey(error: Error): boolean {
  return codeOf(error).endsWith('UNKNOWN_PSK_IDENTITY')
}

/** OpenSSL's words are for those who know its source. */
function explained(error: Error): Error {
  // Of several addresses, each of which has failed.
  if (error instanceof AggregateError) return new Error(error.errors.map(({ message }) => message).join('; '), { cause: error })
  const code = codeOf(error)
  if (isUnknownKey(error)) return new Error('it does not know this secret, or is of another cluster', { cause: error })
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ECONNRESET')
    return new Error('it takes no sealed connections: is it a member of this version, with the secret?', { cause: error })
  if (code.startsWith('ERR_SSL'))
    return new Error(`the sealed connection could not be made (${code}): is the secret the same?`, { cause: error })
  return error
}
