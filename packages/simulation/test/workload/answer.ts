import { ErrorCode, type ServerEndpoint, StepKind, type StepResult as WireStep } from '@raft/client/protocol'
import type { StepResult, StoreResult } from '@raft/commands'

/** Answers a write with what the store says. */
export function answer(endpoint: ServerEndpoint, id: number, result: StoreResult): void {
  switch (result.type) {
    case 'put':
      endpoint.put(id, result)
      return
    case 'delete':
      endpoint.delete(id, result)
      return
    case 'compareAndSet':
      endpoint.compareAndSet(id, result)
      return
    case 'transaction':
      endpoint.transaction(id, { ...result, results: result.results.map(toWire) })
      return
    case 'error':
      endpoint.error(id, { outcome: 'notAppended', code: result.code, message: result.message, leader: null })
  }
}

export function refuse(endpoint: ServerEndpoint, id: number, code: keyof typeof ErrorCode, outcome: 'notAppended' | 'unknown'): void {
  endpoint.error(id, { outcome, code: ErrorCode[code], message: code, leader: null })
}

function toWire(step: StepResult): WireStep {
  switch (step.type) {
    case 'put':
      return { ...step, kind: StepKind.Put }
    case 'delete':
      return { ...step, kind: StepKind.Delete }
    case 'get':
      return { ...step, kind: StepKind.Get }
    case 'range':
      return { ...step, kind: StepKind.Range }
  }
}
