import type { Leadership, Node, NodeOptions, ProposalDone, ReadDone } from '@raft/core'
import type { Observer } from './observer.js'

/** From inside which of its callbacks a node may be stopped. */
export const callbacks = ['answer', 'read', 'leader', 'follower', 'abort', 'transition', 'apply'] as const

export type Callback = (typeof callbacks)[number]

type Inside = (callback: Callback) => void

export interface WatchedNode {
  /** The node is inside this callback, and everybody has been told of it. */
  readonly inside: Inside
  /** How many timers the node has set. */
  readonly timers: () => number
  /** Whether the node has begun to stop. */
  readonly isStopping: () => boolean
}

/** What a node is to call when its leadership begins and ends. */
export function leadershipCallbacks(
  { id, oracles, incarnation, speaker }: Observer,
  inside: Inside,
): Pick<NodeOptions<unknown>, 'onLeader' | 'onFollower'> {
  return {
    onLeader: (leadership: Leadership) => {
      if (!incarnation.isAlive) return
      oracles.tell('onLeader', id, leadership, speaker())
      leadership.signal.addEventListener('abort', () => inside('abort'))
      inside('leader')
    },
    onFollower: () => {
      if (!incarnation.isAlive) return
      oracles.tell('onFollower', id)
      inside('follower')
    },
  }
}

/**
 * From now on everything is noted that is asked of this node, that it answers, and when it stops. Its methods are wrapped where they are:
 * the node may have been made by production code, which takes no other class.
 */
export function watchNode<Answer>(node: Node<Answer>, observer: Observer, { inside, timers, isStopping }: WatchedNode): void {
  const { id, oracles, incarnation } = observer
  const submit = node.submit.bind(node)
  const submitRead = node.submitRead.bind(node)
  const stop = node.stop.bind(node)
  let hasStopped = false

  const asked = (kind: 'command' | 'read', bytes: number) => {
    oracles.tell('onAsked', id, kind, bytes)
    return (error: Error | null) => {
      if (incarnation.isAlive) oracles.tell('onAnswered', id, kind, bytes, error)
    }
  }
  const noteStop = () => {
    if (hasStopped || !incarnation.isAlive) return
    hasStopped = true
    oracles.tell('onStopped', id, node.status(), node.accounts(), timers())
  }

  node.submit = (command: Uint8Array, done: ProposalDone<Answer>) => {
    const answered = asked('command', command.length)
    submit(command, (error, result) => {
      answered(error)
      done(error, result)
      inside('answer')
    })
  }
  node.submitRead = (done: ReadDone) => {
    const answered = asked('read', 0)
    submitRead((error, index) => {
      answered(error)
      done(error, index)
      inside('read')
    })
  }
  node.stop = () => {
    // From inside a callback that is called because the node stops: that is told when all of them were.
    const wasStopping = isStopping()
    const stopping = stop()
    if (!wasStopping) noteStop()
    return stopping
  }
  node.on('fatal', noteStop)
}
