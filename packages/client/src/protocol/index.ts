export { ClientEndpoint, type ClientEndpointOptions } from './client-endpoint.js'
export { DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_FRAME_BYTES, FRAME_OVERHEAD_BYTES, FrameDecoder } from './frame-decoder.js'
export { FrameEncoder } from './frame-encoder.js'
export {
  CLIENT_PREAMBLE_BYTES,
  chooseVersion,
  decodeClientPreamble,
  decodeServerPreamble,
  encodeClientPreamble,
  encodeServerPreamble,
  FIRST_BYTE,
  PROTOCOL_VERSION,
  type ServerIdentity,
  type ServerPreamble,
  type VersionRange,
} from './preamble.js'
export {
  decodeGet,
  decodeRange,
  encodeGet,
  encodeRange,
  type GetQuery,
  type Request,
  RequestKind,
  readRequests,
  writeRequest,
} from './request.js'
export {
  decodeError,
  decodeStatus,
  ErrorCode,
  type ErrorResponse,
  encodeError,
  encodeStatus,
  type LeaderHint,
  type OnResponse,
  type Outcome,
  ResponseKind,
  readResponses,
  type StatusResult,
  writeResponse,
} from './response.js'
export { ServerEndpoint, type ServerEndpointOptions } from './server-endpoint.js'
