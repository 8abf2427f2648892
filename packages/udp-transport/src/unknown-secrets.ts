import { DatagramKind, type HandshakeDatagram } from './datagram.js'
import type { ResolvedOptions } from './options.js'
import type { TransportProblem } from './problems.js'
import type { SecretKeys } from './secrets.js'
import { deriveFormer } from './secrets.js'
import type { Endpoint } from './socket.js'

export interface UnknownSecretsEvents {
  /** Handshakes under these keys are accepted from now on, too. */
  readonly onFormerKeys: (keys: readonly SecretKeys[]) => void
  readonly report: (problem: TransportProblem) => void
}

/** Handshakes that cannot be verified: of a member that derives other keys of the same secret, of another secret, or of another cluster. */
export class UnknownSecrets {
  readonly #options: ResolvedOptions
  readonly #events: UnknownSecretsEvents
  /** The keys that members before this version derive of the same secrets. */
  #former: 'unknown' | 'derived' | 'accepted' = 'unknown'

  constructor(options: ResolvedOptions, events: UnknownSecretsEvents) {
    this.#options = options
    this.#events = events
  }

  onStep({ kind, from: sender }: HandshakeDatagram, { address, port }: Endpoint): void {
    if (this.#former === 'unknown') this.#acceptFormer()
    if (this.#former !== 'accepted' || kind !== DatagramKind.Hello) return
    const message =
      `a hello from ${address}:${port}, which names ${JSON.stringify(sender)} as its sender, cannot be verified: that is a member of another ` +
      'cluster, or one with another secret. Compare the secrets, and the cluster ids in the status of both'
    this.#events.report({ code: 'RAFT_UNKNOWN_SECRET', peer: sender, message })
  }

  /** Once: a member that is not yet upgraded may be there, and to find out costs what stretching a passphrase costs. */
  #acceptFormer(): void {
    this.#former = 'derived'
    const { secrets, clusterId } = this.#options
    deriveFormer(secrets, clusterId, (error, former) => {
      if (error === null) this.#events.onFormerKeys(former)
      this.#former = 'accepted'
    })
  }
}
