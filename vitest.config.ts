import { defineConfig } from 'vitest/config'
import { sourceAliases } from './tools/house.mjs'

const everywhere = ['packages/*', 'apps/*', 'bench', 'examples', 'tools']
const SYSTEM = everywhere.map((folder) => `${folder}/test/system/**/*.test.ts`)
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
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Clusters of real processes, after everything else and one file at a time: they would take each other's processor.
        extends: true,
        test: {
          name: 'system',
          include: SYSTEM,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
