import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkBoundaries } from '../boundaries.mjs'
import { entryPoints } from '../house.mjs'

const HOUSE: Record<string, string> = {
  commands: 'packages/commands',
  core: 'packages/core',
  system: 'packages/system',
  conformance: 'packages/conformance',
  'log-storage': 'packages/log-storage',
  'state-machine': 'packages/state-machine',
  'udp-transport': 'packages/udp-transport',
  client: 'packages/client',
  simulator: 'packages/simulator',
  simulation: 'packages/simulation',
  node: 'apps/node',
  bench: 'bench',
  examples: 'examples',
}

const SERVER = ['commands', 'core', 'system', 'log-storage', 'state-machine', 'udp-transport', 'client']

// Section 3 of the architecture, written down a second time on purpose.
const MAY_IMPORT: Record<string, string[]> = {
  commands: [],
  core: [],
  system: ['core'],
  conformance: ['core'],
  'log-storage': ['core', 'system'],
  'state-machine': ['core', 'commands'],
  'udp-transport': ['core', 'system'],
  simulator: ['core'],
  client: ['commands'],
  node: SERVER,
  simulation: ['commands', 'core', 'system', 'conformance', 'log-storage', 'state-machine', 'udp-transport', 'client', 'simulator', 'node'],
  bench: [...SERVER, 'node'],
  examples: [...SERVER, 'node', 'simulator'],
}

const TESTS_MAY_IMPORT: Record<string, string[]> = {
  system: ['conformance'],
  'log-storage': ['conformance', 'simulator'],
  'state-machine': ['conformance'],
  'udp-transport': ['conformance', 'simulator'],
  simulator: ['conformance'],
  client: ['simulator'],
  node: ['simulator'],
}

const importable = Object.keys(entryPoints)
const shortName = (name: string) => name.split('/')[1] as string

const house = mkdtempSync(join(tmpdir(), 'house-'))
const files = new Map<string, string>()

function write(path: string, text: string): string {
  files.set(path, text)
  mkdirSync(dirname(join(house, path)), { recursive: true })
  writeFileSync(join(house, path), text)
  return path
}

const importer = (folder: string, part: 'src' | 'test', name: string) => `${folder}/${part}/imports-${name.replaceAll(/[@/]/g, '-')}.ts`

let refused: Map<string, string[]>

beforeAll(async () => {
  for (const source of Object.values(entryPoints)) write(source, 'export const here = 1\n')
  for (const folder of Object.values(HOUSE))
    for (const part of ['src', 'test'] as const)
      for (const name of importable)
        write(importer(folder, part, name), `import type { here } from '${name}'\nexport type There = typeof here\n`)
  write('packages/core/src/state.ts', 'export const deep = 1\n')
  write('packages/core/src/role/role.ts', "import { deep } from '../state.js'\nexport const role = deep\n")
  write('packages/core/src/role/leader.ts', "import { role } from './role.js'\nexport const leader = role\n")
  write('packages/core/src/role/follower.ts', "import type { leader } from './leader.js'\nexport type Follower = typeof leader\n")
  write('packages/core/src/imports-node.ts', "import { readFileSync } from 'node:fs'\nexport const read = readFileSync\n")
  write('packages/core/src/imports-package.ts', "import fc from 'fast-check'\nexport const check = fc\n")
  write('packages/commands/src/imports-node.ts', "import { readFileSync } from 'node:fs'\nexport const read = readFileSync\n")
  write('packages/core/test/imports-node.ts', "import { readFileSync } from 'node:fs'\nexport const read = readFileSync\n")
  write('packages/client/src/protocol/imports-socket.ts', "import { connect } from 'node:net'\nexport const open = connect\n")
  write('packages/client/src/imports-socket.ts', "import { connect } from 'node:net'\nexport const open = connect\n")
  write('apps/node/src/deep-by-path.ts', "import { deep } from '../../../packages/core/src/state.js'\nexport const it = deep\n")
  write('apps/node/src/deep-by-name.ts', "import { deep } from '@raft/core/src/state.js'\nexport const it = deep\n")
  write('apps/node/src/dynamic.ts', "export const it = () => import('@raft/simulator')\n")
  write('apps/node/src/re-export.ts', "export { here } from '@raft/simulation'\n")
  write('apps/node/test/help.ts', 'export const help = 1\n')
  write('apps/node/src/imports-test.ts', "import { help } from '../test/help.js'\nexport const it = help\n")
  refused = new Map()
  const { violations } = await checkBoundaries(house)
  for (const { from, rule } of violations) refused.set(from, [...(refused.get(from) ?? []), rule])
})

afterAll(() => rmSync(house, { recursive: true }))

describe.each(Object.entries(HOUSE))('%s', (from, folder) => {
  test.each(importable)('may import %s if, and only if, there is an arrow', (name) => {
    const to = shortName(name)
    const own = to === from
    const bySource = own ? from !== 'core' || name.startsWith('@raft/core') : MAY_IMPORT[from]?.includes(to)
    const byTest = own || MAY_IMPORT[from]?.includes(to) || TESTS_MAY_IMPORT[from]?.includes(to)
    expect(refused.has(importer(folder, 'src', name))).toBe(!bySource)
    expect(refused.has(importer(folder, 'test', name))).toBe(!byTest)
  })
})

test.each([
  ['packages/core/src/role/follower.ts', 'roles-do-not-import-each-other'],
  ['packages/commands/src/imports-node.ts', 'commands-imports-nothing'],
  ['packages/core/src/imports-node.ts', 'core-imports-nothing'],
  ['packages/core/src/imports-package.ts', 'core-imports-nothing'],
  ['packages/client/src/protocol/imports-socket.ts', 'protocol-knows-no-sockets'],
  ['apps/node/src/deep-by-path.ts', 'no-deep-imports'],
  ['apps/node/src/deep-by-name.ts', 'nothing-imports-what-is-not-there'],
  ['apps/node/src/dynamic.ts', 'arrows-of-apps-node'],
  ['apps/node/src/re-export.ts', 'arrows-of-apps-node'],
  ['apps/node/src/imports-test.ts', 'sources-do-not-import-tests'],
])('%s breaks %s', (file, rule) => {
  expect(files.has(file)).toBe(true)
  expect(refused.get(file)).toContain(rule)
})

test.each([
  'packages/core/src/role/role.ts',
  'packages/core/src/role/leader.ts',
  'packages/core/test/imports-node.ts',
  'packages/client/src/imports-socket.ts',
])('%s is as it should be', (file) => {
  expect(files.has(file)).toBe(true)
  expect(refused.get(file)).toBeUndefined()
})
