// @ts-check
import { existsSync } from 'node:fs'
import { cruise } from 'dependency-cruiser'
import { entryPoints, root, sourceAliases } from './house.mjs'

/** @typedef {import('dependency-cruiser').IForbiddenRuleType} Rule */

/** The folders of the house, and into which others each may reach (docs/architecture.md, "The rooms"). */
const arrows = {
  'packages/commands': [],
  'packages/core': [],
  'packages/conformance': ['packages/core'],
  'packages/system': ['packages/core'],
  'packages/log-storage': ['packages/core', 'packages/system'],
  'packages/state-machine': ['packages/core', 'packages/commands'],
  'packages/udp-transport': ['packages/core', 'packages/system'],
  'packages/simulator': ['packages/core'],
  'packages/client': ['packages/commands'],
  'packages/simulation': [
    'packages/commands',
    'packages/core',
    'packages/system',
    'packages/conformance',
    'packages/log-storage',
    'packages/state-machine',
    'packages/udp-transport',
    'packages/client',
    'packages/simulator',
    'apps/node',
  ],
  'apps/node': [
    'packages/commands',
    'packages/core',
    'packages/system',
    'packages/log-storage',
    'packages/state-machine',
    'packages/udp-transport',
    'packages/client',
  ],
  bench: [
    'packages/commands',
    'packages/core',
    'packages/system',
    'packages/log-storage',
    'packages/state-machine',
    'packages/udp-transport',
    'packages/client',
    'apps/node',
  ],
  examples: [
    'packages/commands',
    'packages/core',
    'packages/system',
    'packages/log-storage',
    'packages/state-machine',
    'packages/udp-transport',
    'packages/client',
    'packages/simulator',
    'apps/node',
  ],
}

/** What tests may use besides: the conformance suites, and the simulator's disk and network. @type {Record<string, string[]>} */
const testArrows = {
  'packages/system': ['packages/conformance'],
  'packages/log-storage': ['packages/conformance', 'packages/simulator'],
  'packages/state-machine': ['packages/conformance'],
  'packages/udp-transport': ['packages/conformance', 'packages/simulator'],
  'packages/simulator': ['packages/conformance'],
  'packages/client': ['packages/simulator'],
  'apps/node': ['packages/simulator'],
}

const HOUSE = '^(packages/[^/]+|apps/[^/]+|bench|examples)/'
const ENTRIES = Object.values(entryPoints).map((source) => `^${literally(source)}$`)

/** @type {Rule[]} */
const rules = [
  {
    name: 'core-imports-nothing',
    comment: 'no packages, no Node modules: core is given all it needs as ports and parameters',
    severity: 'error',
    from: { path: '^packages/core/src/' },
    to: { pathNot: '^packages/core/src/' },
  },
  {
    name: 'roles-do-not-import-each-other',
    comment: 'State alone changes roles; role.ts and campaign.ts are what they have in common, acknowledging.ts is a part of the follower',
    severity: 'error',
    from: { path: '^packages/core/src/role/' },
    to: { path: '^packages/core/src/role/', pathNot: '^packages/core/src/role/(role|campaign|acknowledging)\\.ts$' },
  },
  {
    name: 'protocol-knows-no-sockets',
    comment: '@raft/client/protocol is both halves of the wire protocol, and does no I/O',
    severity: 'error',
    from: { path: '^packages/client/src/protocol/' },
    to: { pathNot: ['^packages/client/src/protocol/', within('packages/commands')] },
  },
  {
    name: 'commands-imports-nothing',
    comment: 'no packages, no Node modules: both ends of every connection build on it',
    severity: 'error',
    from: { path: '^packages/commands/src/' },
    to: { pathNot: '^packages/commands/src/' },
  },
  {
    name: 'no-deep-imports',
    comment: 'other packages are imported by the names that they export',
    severity: 'error',
    from: { path: HOUSE },
    to: { path: HOUSE, pathNot: ['^$1/', ...ENTRIES] },
  },
  {
    name: 'sources-do-not-import-tests',
    severity: 'error',
    from: { path: '/src/' },
    to: { path: '/test/' },
  },
  {
    name: 'nothing-imports-what-is-not-there',
    severity: 'error',
    from: { path: HOUSE },
    to: { couldNotResolve: true },
  },
  ...Object.entries(arrows).flatMap(([folder, targets]) => arrowRules(folder, targets)),
]

/** @param {string} folder @param {readonly string[]} targets @returns {Rule[]} */
function arrowRules(folder, targets) {
  const allowed = [folder, ...targets].map(within)
  const name = `arrows-of-${folder.replace('/', '-')}`
  const comment = targets.length === 0 ? `${folder} imports no other package of ours` : `${folder} imports ${targets.join(', ')} only`
  const besides = testArrows[folder]
  if (besides === undefined)
    return [{ name, comment, severity: 'error', from: { path: within(folder) }, to: { path: HOUSE, pathNot: allowed } }]
  const tests = `^${literally(folder)}/test/`
  return [
    { name, comment, severity: 'error', from: { path: within(folder), pathNot: tests }, to: { path: HOUSE, pathNot: allowed } },
    {
      name: `${name}-tests`,
      comment: `${comment}, and ${besides.join(', ')} in its tests`,
      severity: 'error',
      from: { path: tests },
      to: { path: HOUSE, pathNot: [...allowed, ...besides.map(within)] },
    },
  ]
}

/** @param {string} folder */
function within(folder) {
  return `^${literally(folder)}/`
}

/** @param {string} text */
function literally(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/**
 * Imports below `base` that the house has no arrow for, types and tests included. Looks at sources only: nothing need be built.
 *
 * @returns {Promise<{ modules: number, violations: { from: string, to: string, rule: string, comment: string }[] }>}
 */
export async function checkBoundaries(base = root) {
  const folders = ['packages', 'apps', 'bench', 'examples'].filter((folder) => existsSync(`${base}/${folder}`))
  const { output } = await cruise(
    folders,
    {
      baseDir: base,
      validate: true,
      ruleSet: { forbidden: rules },
      tsPreCompilationDeps: true,
      doNotFollow: { path: 'node_modules' },
      exclude: { path: '(^|/)(dist|node_modules)/' },
    },
    {
      alias: sourceAliases(base).map(({ name, path }) => ({ name, alias: path, onlyModule: true })),
      extensionAlias: { '.js': ['.ts', '.js'] },
    },
  )
  if (typeof output === 'string') throw new Error(`dependency-cruiser answered with text: ${output}`)
  const violations = output.summary.violations.map(({ from, to, rule }) => ({
    from,
    to,
    rule: rule.name,
    comment: rules.find(({ name }) => name === rule.name)?.comment ?? '',
  }))
  return { modules: output.summary.totalCruised, violations }
}
