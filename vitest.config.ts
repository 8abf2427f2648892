import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { sourceAliases } from './tools/house.mjs'

const everywhere = ['packages/*', 'apps/*', 'bench', 'examples', 'tools']
const SYSTEM = everywhere.map((folder) => `${folder}/test/system/**/*.test.ts`)
/**
 * Files of those that may run two at a time: they bound no time below many seconds and no memory, use no ports that others may want,
 * and do not build, since turbo may write to dist while it does.
 */
const TOGETHER = [
  ...['counter', 'descriptors', 'directories', 'log', 'names', 'start', 'storage', 'unheard'].map(
    (name) => `apps/node/test/system/${name}`,
  ),
  ...['consuming', 'embedding', 'examples'].map((name) => `tools/test/system/${name}`),
  'packages/simulation/test/system/command',
  'packages/conformance/test/system/readme',
  'packages/state-machine/test/system/readme',
  'bench/test/system/cli',
].map((name) => `${name}.test.ts`)
/** A file that gets the results as JSON, besides the report that people read. */
const report = process.env['RAFT_TEST_REPORT']

// Tests run against the sources of every package, so that none runs against a stale build. What starts processes of its own
// (test/system) starts the build in dist, which `pnpm test` makes first.
export default defineConfig({
  resolve: {
    alias: sourceAliases().map(({ name, path }) => ({ find: new RegExp(`^${name}$`), replacement: path })),
  },
  test: {
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    // Default imports of CommonJS packages mean what they mean to Node.
    deps: { interopDefault: false },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: everywhere.map((folder) => `${folder}/test/**/*.test.ts`),
          exclude: ['**/node_modules/**', ...SYSTEM],
          testTimeout: 30_000,
          // One more than there are processors: there is always a file that waits for real seconds.
          maxWorkers: availableParallelism() + 1,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Real processes, after everything else. Two files at a time, since they mostly wait for one another.
        extends: true,
        test: {
          name: 'system',
          include: TOGETHER,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          // All tests of a file that says so.
          maxConcurrency: 8,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // The others, one file at a time: they would take each other's processor.
        extends: true,
        test: {
          name: 'system, alone',
          include: SYSTEM,
          exclude: ['**/node_modules/**', ...TOGETHER],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
