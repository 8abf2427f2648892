import { execFile } from 'node:child_process'
import { readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'
import { afterAll, describe, expect, test } from 'vitest'
import { root } from '../../house.mjs'
import { Consumer } from '../support/consumer.js'

/* What README.md says of CommonJS, TypeScript and bundlers. */

const consumer = new Consumer()
afterAll(() => rmSync(consumer.folder, { recursive: true }))

const run = (program: string, ...args: string[]) => promisify(execFile)(process.execPath, [program, ...args], { cwd: consumer.folder })

const NAMES = ['@raft/client', '@raft/core', '@raft/node']

test('require loads the packages without a warning', async () => {
  const program = consumer.write('required.cjs', NAMES.map((name) => `console.log(Object.keys(require('${name}')).length > 5)\n`).join(''))
  expect(await run(program)).toEqual({ stdout: 'true\ntrue\ntrue\n', stderr: '' })
})

describe('TypeScript', () => {
  const files = ['use.mts', 'use.cts']
  for (const file of files) consumer.write(file, NAMES.map((name, i) => `import * as it${i} from '${name}'\nexport { it${i} }\n`).join(''))
  const { ModuleKind, ModuleResolutionKind } = ts
  // That the types themselves hold without skipLibCheck, and with `bundler`, is seen in examples.test.ts.

  test.each([
    ['nodenext', { module: ModuleKind.NodeNext }, files],
    ['node20', { module: ModuleKind.Node20 }, files],
    ['node16, from modules', { module: ModuleKind.Node16 }, ['use.mts']],
  ])('finds the types with %s', (_, options, used) => {
    expect(consumer.compile(used, { ...options, skipLibCheck: true })).toEqual([])
  })

  test.each([
    ['node16, from CommonJS', { module: ModuleKind.Node16 }, /cannot be imported with 'require'/],
    [
      'node10',
      { module: ModuleKind.CommonJS, moduleResolution: ModuleResolutionKind.Node10 },
      /Consider updating to 'node16', 'nodenext', or 'bundler'/,
    ],
  ])('says what to do with %s', (_, options, message) => {
    const problems = consumer.compile(['use.cts'], { ...options, skipLibCheck: true })
    expect(problems).toHaveLength(NAMES.length)
    for (const problem of problems) expect(problem).toMatch(message)
  })
})

describe('esbuild', () => {
  const [commands = ''] = /^npx esbuild .*?(?=^```)/ms.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? []
  const esbuild = createRequire(createRequire(join(root, 'package.json')).resolve('tsup')).resolve('esbuild/bin/esbuild')

  /** The program that the README's command for `file` makes of it. */
  async function bundle(file: string): Promise<string> {
    const command = commands
      .replaceAll('\\\n', '')
      .split('\n')
      .find((line) => line.includes(file))
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', `${command} --log-level=warning`.replace('npx esbuild', esbuild)], {
      cwd: consumer.folder,
    })
    expect([stdout, stderr]).toEqual(['', ''])
    return join(consumer.folder, file.replace('.mjs', '.bundle.mjs'))
  }

  test('puts the client, core and the clock into one file', async () => {
    consumer.write(
      'client.mjs',
      [
        "import { RaftClient } from '@raft/client'",
        "import { Node } from '@raft/core'",
        "import { nodeClock } from '@raft/system'",
        "const client = new RaftClient({ members: ['127.0.0.1:1'] })",
        "const error = await client.get('k', { timeout: 50 }).catch((thrown) => thrown)",
        'console.log(error.code, typeof Node, nodeClock.now() > 0)',
        'await client.close()',
      ].join('\n'),
    )
    const bundled = await bundle('client.mjs')
    expect(readFileSync(bundled, 'utf8')).not.toMatch(/from ["']@raft/)
    expect((await run(bundled)).stdout).toBe('RAFT_TIMEOUT function true\n')
  })

  test('puts a member into one file, except for the native addons', async () => {
    consumer.write(
      'member.mjs',
      [
        "import { createNode } from '@raft/node'",
        "const members = { n1: { peer: '127.0.0.1:0' } }",
        "const node = await createNode({ id: 'n1', members, secret: 'sixteen bytes or more', dataDir: 'data' })",
        "await node.waitUntilLeader('n1')",
        "await node.put('k', 'v')",
        "console.log(await node.get('k'))",
        'await node.stop()',
      ].join('\n'),
    )
    const bundled = await bundle('member.mjs')
    expect(readFileSync(bundled, 'utf8')).not.toMatch(/from ["']@raft/)
    symlinkSync(join(root, 'apps/node/node_modules/fs-native-extensions'), join(consumer.folder, 'node_modules/fs-native-extensions'))
    expect((await run(bundled)).stdout).toBe('v\n')
  })
})
