import type { NodeStatus } from '@raft/core'
import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

interface Led {
  readonly term: number
  readonly signal: AbortSignal
}

/** What of a node's state must stay as it was when the node stopped. */
const FROZEN = ['currentTerm', 'votedFor', 'lastLogIndex', 'durableIndex', 'commitIndex', 'lastApplied'] as const

/**
 * A node that has stopped, be it from inside one of its callbacks, does nothing any more: it begins no write and no read, sends nothing,
 * applies nothing, calls nobody back, has no timer, and its state stays as it was, whatever its ports still complete. And a member that
 * leads no more is told first: the signal of its leadership has aborted before anybody hears anything else of it.
 */
export function fencing(facts: Facts): Oracle {
  /** By member that has stopped: its status then. */
  const stopped = new Map<string, NodeStatus>()
  /** By member: the leadership that it was last told of. */
  const led = new Map<string, Led>()

  const broken = (message: string) => facts.violated('stopped means stopped', message)
  const acts = (id: string, what: string) => {
    if (stopped.has(id)) broken(`${id} has stopped, and ${what}`)
  }
  const checkSignal = (id: string, what: string) => {
    const last = led.get(id)
    if (last?.signal.aborted === false)
      facts.violated('the signal aborts first', `${id} leads term ${last.term} no more, and ${what} before its signal aborts`)
  }

  return {
    onWrite: (id) => acts(id, 'begins a write'),
    onReadBegun: (id) => acts(id, 'begins a read'),
    onSend: (id, to, message) => acts(id, `sends a ${message.type} to ${to}`),
    onApply: (id, { firstIndex }) => acts(id, `applies ${firstIndex}`),
    onTransition: (id, { role, term }) => {
      acts(id, `tells that it is ${role} of ${term}`)
      if (role !== 'leader') checkSignal(id, `tells that it is ${role} of ${term}`)
    },
    onLeader: (id, { term, signal }, { role, currentTerm }) => {
      acts(id, 'calls onLeader')
      checkSignal(id, `is told that it leads ${term}`)
      if (role !== 'leader' || currentTerm !== term || signal.aborted)
        facts.violated(
          'leads when told so',
          `${id} is told that it leads ${term}, as ${role} of ${currentTerm}; aborted: ${signal.aborted}`,
        )
      led.set(id, { term, signal })
    },
    onFollower: (id) => {
      acts(id, 'calls onFollower')
      checkSignal(id, 'calls onFollower')
    },
    onAnswered: (id, kind, _bytes, error) => {
      // While it leads, refusals for want of room are told too.
      if (error?.name === 'OutcomeUnknownError' || error?.name === 'NotLeaderError' || error?.name === 'NodeStoppedError')
        checkSignal(id, `answers a ${kind} with ${error.name}`)
    },
    onTurn: (id, status) => {
      const then = stopped.get(id)
      const changed = then === undefined ? undefined : FROZEN.find((field) => then[field] !== status[field])
      if (then !== undefined && changed !== undefined)
        broken(`${id} has stopped, and its ${changed} went from ${then[changed]} to ${status[changed]}`)
      const last = led.get(id)
      if (last !== undefined && (status.role !== 'leader' || status.currentTerm !== last.term)) checkSignal(id, `has taken a turn`)
    },
    onStopped: (id, status, _accounts, timers) => {
      stopped.set(id, status)
      checkSignal(id, 'has stopped')
      if (timers > 0) broken(`${id} has stopped, and leaves ${timers} timers`)
    },
    onEnded: (id) => {
      stopped.delete(id)
      led.delete(id)
    },
  }
}
