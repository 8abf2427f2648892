// @ts-check

/**
 * A part of the sources that is mutated, and the tests that have to notice.
 *
 * @typedef {object} Suite
 * @property {readonly string[]} mutate
 * @property {readonly string[]} tests
 * @property {readonly string[]} slowTests names of files, those that take longest last
 */

/** @type {Readonly<Record<string, Suite>>} */
export const suites = {
  core: {
    mutate: ['packages/core/src/**/*.ts', '!packages/core/src/**/index.ts', '!packages/core/src/**/*.d.ts'],
    tests: ['packages/core/test/{node,paper,traps,unit}/**/*.test.ts', 'packages/core/test/faults.test.ts'],
    slowTests: [
      'quorum.test.ts',
      'large-indexes.test.ts',
      'long-writes.test.ts',
      '5.3-replication.test.ts',
      'log.test.ts',
      'figure-7.test.ts',
      'working-leader.test.ts',
      'message.test.ts',
      'replication.test.ts',
    ],
  },
  'log-storage': {
    mutate: ['packages/log-storage/src/recovery.ts', 'packages/log-storage/src/log-contents.ts'],
    tests: [
      'packages/log-storage/test/{crash,damage,damage-at-random,faults,files,large-writes,log-contents,reading,records,recovery,storage}.test.ts',
    ],
    slowTests: ['records.test.ts', 'faults.test.ts', 'damage-at-random.test.ts', 'crash.test.ts'],
  },
  'udp-transport': {
    mutate: ['session', 'handshake', 'replay-window'].map((name) => `packages/udp-transport/src/${name}.ts`),
    // Left out are tests that look whether a module is loaded or a file descriptor is free, that begin anew with each file, or that
    // wait for real sockets.
    tests: [
      'packages/udp-transport/test/!(sealing|sealing-without-libsodium|former-secrets|secrets|loopback|silence-on-loopback|node-sockets|chaos).test.ts',
    ],
    slowTests: [
      'delivery.test.ts',
      'hostile.test.ts',
      'lanes.test.ts',
      'conformance.test.ts',
      'simulated.test.ts',
      'narrow-path.test.ts',
      'addresses.test.ts',
    ],
  },
  client: {
    mutate: ['verdict', 'call', 'dispatcher', 'link', 'waiting-calls'].map((name) => `packages/client/src/${name}.ts`),
    // The test of the system's clock replaces modules of Node, which takes a worker of its own.
    tests: ['packages/client/test/**/!(system-clock).test.ts'],
    slowTests: ['round-trip.test.ts', 'client.test.ts', 'no-leader.test.ts', 'tcp.test.ts', 'hostile.test.ts'],
  },
}

/** The suite that `pnpm mutate` was asked for: vitest reads its configuration in another process than the one that chose. */
export function chosenSuite() {
  const name = process.env['RAFT_MUTATE'] ?? ''
  const suite = suites[name]
  if (suite === undefined) throw new Error(`There is no suite "${name}". There are: ${Object.keys(suites).join(', ')}`)
  return suite
}

/** Whether `pnpm mutate` was asked for a quick run, which does without the slow tests. */
export function leavesOutSlowTests() {
  return process.env['RAFT_MUTATE_QUICK'] === '1'
}

/** The files that `pnpm mutate` was asked for by name. */
export function mutatedFiles() {
  return (process.env['RAFT_MUTATE_FILES'] ?? '').split(',')
}
