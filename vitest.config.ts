import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// Tests run against the sources of every package, so that none runs against a stale build.
export default defineConfig({
  resolve: {
    alias: [
      { find: '@raft/core/memory', replacement: source('packages/core/src/memory/index.ts') },
      { find: '@raft/client/protocol', replacement: source('packages/client/src/protocol/index.ts') },
      { find: /^@raft\/(core|log-storage|state-machine|udp-transport|client)$/, replacement: source('packages/$1/src/index.ts') },
      { find: '@raft/node', replacement: source('apps/node/src/index.ts') },
    ],
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'examples/test/**/*.test.ts', 'tools/test/**/*.test.ts'],
    testTimeout: 30_000,
    // Default imports of CommonJS packages mean what they mean to Node.
    deps: { interopDefault: false },
  },
})
