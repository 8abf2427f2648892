// @ts-check
import { fileURLToPath } from 'node:url'

/** The top of the repository. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * What each package lets others import, and the source it is built from: its `exports`, for tools that run on sources. A
 * test holds this against the package.json of every package.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const entryPoints = {
  '@raft/commands': 'packages/commands/src/index.ts',
  '@raft/core': 'packages/core/src/index.ts',
  '@raft/core/state': 'packages/core/src/state-index.ts',
  '@raft/core/memory': 'packages/core/src/memory/index.ts',
  '@raft/conformance': 'packages/conformance/src/index.ts',
  '@raft/system': 'packages/system/src/index.ts',
  '@raft/log-storage': 'packages/log-storage/src/index.ts',
  '@raft/log-storage/lmdb': 'packages/log-storage/src/lmdb/index.ts',
  '@raft/log-storage/level': 'packages/log-storage/src/level/index.ts',
  '@raft/state-machine': 'packages/state-machine/src/index.ts',
  '@raft/udp-transport': 'packages/udp-transport/src/index.ts',
  '@raft/client': 'packages/client/src/index.ts',
  '@raft/client/protocol': 'packages/client/src/protocol/index.ts',
  '@raft/simulator': 'packages/simulator/src/index.ts',
  '@raft/simulation': 'packages/simulation/src/index.ts',
  '@raft/node': 'apps/node/src/index.ts',
  '@raft/node/endpoint': 'apps/node/src/endpoint/index.ts',
  '@raft/node/local': 'apps/node/src/local/index.ts',
}

/** `entryPoints` as aliases that match whole names, below `base`. */
export function sourceAliases(base = root) {
  return Object.entries(entryPoints).map(([name, source]) => ({ name, path: `${base.replace(/\/$/, '')}/${source}` }))
}
