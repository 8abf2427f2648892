import { ErrorCode, type ServerEndpoint } from '@raft/client/protocol'
import type { StoreResult } from '@raft/commands'

/** Answers a write with what the store says. */
export function answer(endpoint: ServerEndpoint, id: number, result: StoreResult): void {
  if (result.type !== 'error') endpoint.result(id, result)
  else endpoint.error(id, { outcome: 'notAppended', code: result.code, message: result.message, leader: null })
}

export function refuse(endpoint: ServerEndpoint, id: number, code: keyof typeof ErrorCode, outcome: 'notAppended' | 'unknown'): void {
  endpoint.error(id, { outcome, code: ErrorCode[code], message: code, leader: null })
}
