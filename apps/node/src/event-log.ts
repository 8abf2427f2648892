import type { StoreResult } from '@raft/commands'
import type { Clock, Node, Transition } from '@raft/core'
import type { Metrics } from './metrics/metrics.js'
import type { NodeLogger } from './options.js'
import { rarely } from './rarely.js'

/** Writes to the log what happens to the node, and counts the leaders that come. */
export function logEvents(
  node: Pick<Node<StoreResult>, 'on'>,
  metrics: Pick<Metrics, 'leaderChanged'>,
  logger: NodeLogger,
  clock: Pick<Clock, 'now'>,
): void {
  const tellCallback = rarely<unknown>(clock, (times, error) => logger.error({ err: error, times }, 'a callback threw'))
  let last: string | null = null
  const isRepeated = repetitions()
  node.on('transition', (transition) => {
    const { role, term, leaderId } = transition
    if (isRepeated(transition)) logger.debug?.({ role, term, leaderId }, 'transition')
    else logger.info({ role, term, leaderId }, 'transition')
    if (leaderId !== null && `${term} ${leaderId}` !== last) metrics.leaderChanged()
    if (leaderId !== null) last = `${term} ${leaderId}`
  })
  node.on('callbackError', ({ error }) => tellCallback(error, error instanceof Error ? error.message : typeof error))
  node.on('fatal', ({ error }) => logger.error({ err: error }, 'the member has died: mend the cause and start it again'))
}

/**
 * Tells the transitions of a member that asks again and again whether it would be elected, and knows no leader: only the first of a kind
 * is of use to who reads the log.
 */
function repetitions(): (transition: Transition) => boolean {
  const seen = new Set<string>()
  return ({ role, leaderId }) => {
    if (leaderId !== null) {
      seen.clear()
      return false
    }
    const isRepeated = seen.has(role)
    seen.add(role)
    return isRepeated
  }
}
