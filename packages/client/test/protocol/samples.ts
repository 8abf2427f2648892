import {
  encodeCompareAndSet,
  encodeDelete,
  encodeGetResult,
  encodePut,
  encodeRangeResult,
  encodeResult,
  encodeTransaction,
} from '@raft/commands'
import {
  encodeClientPreamble,
  encodeError,
  encodeGet,
  encodeRange,
  encodeServerPreamble,
  encodeStatus,
  FrameEncoder,
  RequestKind,
  ResponseKind,
  writeRequest,
  writeResponse,
} from '../../src/protocol/index.js'

const b = (text: string) => Buffer.from(text)
const entry = { key: b('k'), value: b('v'), createRevision: 1, modRevision: 2 ** 40, version: 3 }

/** One of each thing that crosses the wire; their bytes are in test/fixtures/protocol.json. */
export const samples: Readonly<Record<string, Uint8Array>> = {
  'client preamble': encodeClientPreamble(),
  'server preamble': encodeServerPreamble(2, { memberId: 'n1', clusterId: 'c' }, 0x0102_0304),
  'server preamble of version 1': encodeServerPreamble(1, { memberId: 'n1', clusterId: 'c' }, 0x0102_0304),
  'server preamble of no version': encodeServerPreamble(0, { memberId: 'n1', clusterId: 'c' }, 0x0102_0304),
  'command put': encodePut(b('k'), b('value')),
  'command delete': encodeDelete(b('k')),
  'command compareAndSet': encodeCompareAndSet(b('k'), 2 ** 40 + 5, b('v')),
  'command transaction': encodeTransaction({
    compare: [
      { key: b('k'), relation: 'equal', value: b('v') },
      { key: b('k'), relation: 'notEqual', createRevision: 1 },
      { key: b('k'), relation: 'less', modRevision: 2 },
      { key: b('k'), relation: 'greater', version: 3 },
    ],
    success: [
      { type: 'put', key: b('k'), value: b('v') },
      { type: 'delete', key: b('k') },
    ],
    failure: [
      { type: 'get', key: b('k') },
      { type: 'range', prefix: b('p'), after: b('pa'), limit: 7 },
    ],
  }),
  'body get': encodeGet(b('k'), 'linearizable'),
  'body range': encodeRange({ prefix: b('p'), limit: 0 }, 'local'),
  'body range after': encodeRange({ prefix: b(''), after: b('a'), limit: 9 }, 'lease'),
  'frame of two requests': requests(),
  'frame of one response': responses(),
  'result put': encodeResult({ type: 'put', revision: 2 ** 40, createRevision: 1, modRevision: 2 ** 40, version: 3 }),
  'result delete': encodeResult({ type: 'delete', revision: 9, deleted: true }),
  'result compareAndSet': encodeResult({ type: 'compareAndSet', revision: 9, succeeded: false, modRevision: 7 }),
  'result transaction': encodeResult({
    type: 'transaction',
    revision: 9,
    succeeded: true,
    results: [
      { type: 'put', createRevision: 1, modRevision: 9, version: 2 },
      { type: 'delete', deleted: false },
      { type: 'get', entry: null },
      { type: 'range', entries: [entry], more: true },
    ],
  }),
  'result get': encodeGetResult({ revision: 9, entry }),
  'result get of nothing': encodeGetResult({ revision: 9, entry: null }),
  'result range': encodeRangeResult({ revision: 9, entries: [entry], more: false }),
  status: encodeStatus({
    memberId: 'n1',
    clusterId: 'c',
    role: 'leader',
    term: 2,
    leaderId: 'n1',
    commitIndex: 5,
    appliedIndex: 4,
    revision: 3,
    members: [{ id: 'n1', addresses: { client: '127.0.0.1:8001' } }],
  }),
  'error not leader': encodeError({
    outcome: 'notAppended',
    code: 'RAFT_NOT_LEADER',
    message: 'ask n2',
    leader: { id: 'n2', address: 'h:2' },
  }),
  'error unknown': encodeError({ outcome: 'unknown', code: 'RAFT_OUTCOME_UNKNOWN', message: '?', leader: null }),
}

function requests(): Uint8Array {
  const encoder = new FrameEncoder()
  writeRequest(encoder, 1, RequestKind.Write, 500, encodeDelete(b('k')))
  writeRequest(encoder, 0x0203_0405, RequestKind.Status, 0, b(''))
  return encoder.take() as Uint8Array
}

function responses(): Uint8Array {
  const encoder = new FrameEncoder()
  writeResponse(encoder, 1, ResponseKind.Delete, encodeResult({ type: 'delete', revision: 9, deleted: true }))
  return encoder.take() as Uint8Array
}
