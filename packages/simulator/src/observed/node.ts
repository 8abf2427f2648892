import { Node, type NodeOptions, type ProposalDone, type ReadDone } from '@raft/core'
import type { Observer } from './observer.js'

/** From inside which of its callbacks a node may be stopped. */
export const callbacks = ['answer', 'read', 'leader', 'follower', 'abort', 'transition', 'apply'] as const

export type Callback = (typeof callbacks)[number]

export interface ObservedNodeOptions {
  /** The node is inside this callback, and everybody has been told of it. */
  readonly inside: (callback: Callback) => void
  /** How many timers the node has set. */
  readonly timers: () => number
  /** Whether the node has begun to stop. */
  readonly isStopping: () => boolean
}

/** A node with everything noted that is asked of it, and that it tells its owner. */
export class ObservedNode<Answer> extends Node<Answer> {
  readonly #observer: Observer
  readonly #options: ObservedNodeOptions
  #hasStopped = false

  constructor(options: NodeOptions<Answer>, observer: Observer, observed: ObservedNodeOptions) {
    const { id, oracles, incarnation, speaker } = observer
    super({
      ...options,
      onLeader: (leadership) => {
        if (!incarnation.isAlive) return
        oracles.tell('onLeader', id, leadership, speaker())
        leadership.signal.addEventListener('abort', () => observed.inside('abort'))
        observed.inside('leader')
      },
      onFollower: () => {
        if (!incarnation.isAlive) return
        oracles.tell('onFollower', id)
        observed.inside('follower')
      },
    })
    this.#observer = observer
    this.#options = observed
    this.on('fatal', () => this.#noteStop())
  }

  override submit(command: Uint8Array, done: ProposalDone<Answer>): void {
    const answered = this.#asked('command', command.length)
    super.submit(command, (error, result) => {
      answered(error)
      done(error, result)
      this.#options.inside('answer')
    })
  }

  override submitRead(done: ReadDone): void {
    const answered = this.#asked('read', 0)
    super.submitRead((error, index) => {
      answered(error)
      done(error, index)
      this.#options.inside('read')
    })
  }

  override stop(): Promise<void> {
    // From inside a callback that is called because the node stops: that is told when all of them were.
    const wasStopping = this.#options.isStopping()
    const stopping = super.stop()
    if (!wasStopping) this.#noteStop()
    return stopping
  }

  #asked(kind: 'command' | 'read', bytes: number): (error: Error | null) => void {
    const { id, oracles, incarnation } = this.#observer
    oracles.tell('onAsked', id, kind, bytes)
    return (error) => {
      if (incarnation.isAlive) oracles.tell('onAnswered', id, kind, bytes, error)
    }
  }

  #noteStop(): void {
    const { id, oracles, incarnation } = this.#observer
    if (this.#hasStopped || !incarnation.isAlive) return
    this.#hasStopped = true
    oracles.tell('onStopped', id, this.status(), this.accounts(), this.#options.timers())
  }
}
