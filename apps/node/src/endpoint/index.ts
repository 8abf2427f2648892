/**
 * A member without its surroundings: for those who bring streams, disks and networks of their own, as a simulator does. `createNode` puts
 * the same parts together on TCP, UDP and a directory.
 */
export { Account } from '../account.js'
export { Fate } from '../directory/fate.js'
export { memberIdentity, openedStorage } from '../directory/member-identity.js'
export { Group, type GroupOptions } from '../group/group.js'
export type { Entrance, Environment } from '../member/environment.js'
export { type EndPart, RunningParts } from '../member/running-parts.js'
export { type AccessHoldings, LeaderAccess, type LeaderAccessOptions, type Leadership } from '../routing/leader-access.js'
export { type EmbeddedService, EmbeddedStore, type EmbeddedStoreOptions } from '../store/embedded-store.js'
export { KeyValueService, type Proposer, type ReadableStore } from '../store/key-value-service.js'
export type { ByteStream, StreamOwner } from './byte-stream.js'
export { type ConnectionHoldings, ProtocolConnection } from './protocol-connection.js'
export { maxCommandBytes, type ProtocolConnectionOptions, protocolOptions, type ServedMember } from './protocol-options.js'
