import { CommandTooLargeError, NoLeaderError, OverloadedError, RefusedError } from '@raft/commands'
import { describe, expect, it } from 'vitest'
import { Call } from '../src/call.js'
import { ErrorCode, type ErrorResponse } from '../src/protocol/index.js'
import { judge } from '../src/verdict.js'

interface What {
  readonly isWrite?: boolean
  readonly idempotent?: boolean
  readonly tainted?: boolean
}

function callOf({ isWrite = false, idempotent = false, tainted = false }: What): Call {
  const call = new Call(
    1,
    {
      kind: 1,
      body: new Uint8Array(0),
      route: 'leader',
      isWrite,
      idempotent,
      timeout: 1000,
      signal: null,
      onResult: () => {},
      onError: () => {},
    },
    1000,
  )
  call.tainted = tainted
  return call
}

function answer(code: string, outcome: ErrorResponse['outcome'] = 'notAppended'): ErrorResponse {
  return { outcome, code, message: 'because', leader: null }
}

const READ = callOf({})
const WRITE = callOf({ isWrite: true })
const IDEMPOTENT = callOf({ isWrite: true, idempotent: true })
const TAINTED = callOf({ isWrite: true, idempotent: true, tainted: true })

const RETRIED = [
  [ErrorCode.NotLeader, 'notLeader', true, 'RAFT_NO_LEADER'],
  [ErrorCode.NoLeader, 'noLeader', true, 'RAFT_NO_LEADER'],
  [ErrorCode.Stopping, 'stopping', true, ErrorCode.Stopping],
  [ErrorCode.Overloaded, 'overloaded', false, 'RAFT_OVERLOADED'],
  [ErrorCode.DeadlineExceeded, 'deadline', false, ErrorCode.DeadlineExceeded],
] as const

describe('what an error of a member means', () => {
  it.each(RETRIED)('%s, certainly not appended: every call is tried again, as %s', (code, retry, leaderLost, reason) => {
    for (const call of [READ, WRITE, IDEMPOTENT, TAINTED]) {
      const verdict = judge(answer(code), call)
      expect(verdict).toMatchObject({ refusal: null, retry, leaderLost })
      expect(verdict).toHaveProperty('reason.code', reason)
      expect(verdict).toHaveProperty('reason.message', expect.stringContaining('because'))
    }
  })

  it.each(RETRIED)(
    '%s, of unknown outcome: only what may take effect twice is tried again, with another member',
    (code, retry, _, reason) => {
      for (const call of [READ, IDEMPOTENT, TAINTED])
        expect(judge(answer(code, 'unknown'), call)).toMatchObject({ refusal: null, retry, leaderLost: true })
      expect(judge(answer(code, 'unknown'), WRITE)).toMatchObject({ refusal: { code: 'RAFT_OUTCOME_UNKNOWN', cause: { code: reason } } })
    },
  )

  it('an error that has a class of its own is one of it', () => {
    const reasonFor = (code: string) => {
      const verdict = judge(answer(code), READ)
      return verdict.refusal ?? verdict.reason
    }
    expect(reasonFor(ErrorCode.NotLeader)).toBeInstanceOf(NoLeaderError)
    expect(reasonFor(ErrorCode.NoLeader)).toBeInstanceOf(NoLeaderError)
    expect(reasonFor(ErrorCode.Overloaded)).toBeInstanceOf(OverloadedError)
    expect(reasonFor(ErrorCode.TooLarge)).toBeInstanceOf(CommandTooLargeError)
    expect(reasonFor(ErrorCode.Stopping)).toBeInstanceOf(RefusedError)
  })

  it('any other error of unknown outcome is tried again in the same way', () => {
    for (const code of ['RAFT_SOMETHING', 'constructor', 'toString']) {
      for (const call of [READ, IDEMPOTENT, TAINTED])
        expect(judge(answer(code, 'unknown'), call)).toMatchObject({ refusal: null, retry: 'unknown', leaderLost: true })
      expect(judge(answer(code, 'unknown'), WRITE)).toMatchObject({ refusal: { code: 'RAFT_OUTCOME_UNKNOWN', cause: { code } } })
    }
  })

  it('any other error, certainly not appended, is for the caller', () => {
    for (const call of [READ, WRITE, IDEMPOTENT]) {
      expect(judge(answer('RAFT_SOMETHING'), call)).toMatchObject({ refusal: { code: 'RAFT_SOMETHING', message: 'because' } })
      expect(judge(answer('toString'), call)).toMatchObject({ refusal: { code: 'toString' } })
      expect(judge(answer(ErrorCode.TooLarge), call)).toMatchObject({ refusal: { code: 'RAFT_COMMAND_TOO_LARGE' } })
    }
  })

  it('a refusal of this attempt says nothing about an earlier one that was not answered', () => {
    expect(judge(answer('RAFT_SOMETHING'), TAINTED)).toMatchObject({
      refusal: {
        code: 'RAFT_OUTCOME_UNKNOWN',
        message: expect.stringContaining('an earlier attempt was not answered; now: because'),
        cause: { code: 'RAFT_SOMETHING' },
      },
    })
  })
})

describe('whether a call may have taken effect', () => {
  it('is open for a write that is under way, or was sent before and not answered', () => {
    expect([READ.outcomeUnknown, WRITE.outcomeUnknown, IDEMPOTENT.outcomeUnknown, TAINTED.outcomeUnknown]).toEqual([
      false,
      false,
      false,
      true,
    ])
    const link = {} as NonNullable<Call['link']>
    for (const [what, unknown] of [
      [{ isWrite: true }, true],
      [{ isWrite: false }, false],
      [{ isWrite: false, tainted: true }, false],
    ] as const) {
      const call = callOf(what)
      call.link = link
      expect(call.outcomeUnknown).toBe(unknown)
    }
  })
})
