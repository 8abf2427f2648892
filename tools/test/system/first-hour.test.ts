import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest'
import { root } from '../../house.mjs'
import { pnpm, publicPackages, tarballName } from '../../packages.mjs'
import { blocks, blockWith, read, section } from '../support/documents.js'
import { freePorts } from '../support/free-ports.js'
import { Project } from '../support/project.js'

/*
 * The first hour of five people, each in an empty folder with the packed tarballs: every command and every program is taken from
 * the documents that the README sends them to. The five work at the same time; what the last test runs builds first, so it is alone.
 */

const tarballs = mkdtempSync(join(tmpdir(), 'raft-tarballs-'))
let packed = ''

beforeAll(() => {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(root, 'tools/tarballs.mjs'), tarballs], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`nothing is packed: ${stderr}`)
  packed = stdout
})

afterAll(() => rmSync(tarballs, { recursive: true, force: true }))

const SHOWN = ['7001', '7002', '7003', '8001', '8002', '8003']

/** An empty folder, with ports of its own for three members. */
async function emptyFolder(test: TestContext): Promise<Project> {
  const ports = await freePorts(SHOWN.length)
  return new Project(test, tarballs, new Map(SHOWN.map((shown, i) => [shown, ports[i] ?? 0])))
}

const server = read('apps/node/README.md')
const running = section(server, 'Run')
const byHand = ['npm install', 'cat > cluster.json'].map((part) => blockWith(part, 'sh', running)).join('')

test.concurrent('README.md: pnpm tarballs packs all packages, and installing them takes none of ours from a registry', async (context) => {
  const { expect } = context
  const files = readdirSync(tarballs)
  expect(files).toEqual(expect.arrayContaining(publicPackages().map(({ name }) => tarballName(name))))
  expect(/^ {2}npm install (.*)$/m.exec(packed)?.[1]?.split(' ').sort()).toEqual(files.map((file) => join(tarballs, file)).sort())
  const project = await emptyFolder(context)
  expect(await project.run(blockWith('npx raft-node', 'sh', section(read('README.md'), 'Install')))).toMatch(/^\d+\.\d+\.\d+$/m)
  const { packages } = JSON.parse(project.read('package-lock.json')) as { packages: Record<string, { resolved?: string }> }
  const ours = Object.entries(packages).filter(([path]) => path.includes('node_modules/@raft/'))
  expect(ours).toHaveLength(files.length)
  for (const [path, { resolved }] of ours) expect(`${path} ${resolved}`).toMatch(/^node_modules\/@raft\/[\w-]+ file:.*\.tgz$/)
})

test.concurrent('who runs services: three members by hand, one of them killed and brought back, and all stopped', async (context) => {
  const { expect } = context
  const project = await emptyFolder(context)
  const started = await project.run(byHand)
  expect(started).toMatch(/"key":"greeting","value":"hello"/)
  const status = blockWith('raft-node status', 'sh', server)
  expect(await project.run(status)).toMatch(/member +address +role .*\n(n\d .*\n){3}revision \d+\nhello$/)
  const before = await project.run('jobs -pr | wc -l')
  await project.run(blockWith('kill -9 %1', 'sh', running))
  expect(await project.run('jobs -pr | wc -l')).toBe(before)
  expect(await project.run(status)).toMatch(/\nn1 .*\n/)
  await project.run(blockWith('kill $(jobs -p)', 'sh', running))
  expect((await project.run('jobs -pr | wc -l')).trim()).toBe('0')
  await project.terminal.until(/("msg":"stopped".*){3}/s, 'stderr')
})

test.concurrent('who writes a backend: the program of the client, in TypeScript, against members started by hand', async (context) => {
  const { expect } = context
  const project = await emptyFolder(context)
  await project.run(byHand)
  const first = section(read('packages/client/README.md'), 'A first program')
  project.save('cities.ts', blocks('ts', first)[0] ?? '')
  const said = await project.run(blockWith('npm install', 'sh', first))
  expect(said).toMatch(/\{ population: 2102650 \}\ntrue\ntrue /)
  expect(said).toMatch(/cities\/lyon \{ population: 522250 \}\ncities\/paris \{ population: 2102651 \}\n$/)
})

test.concurrent('who builds a library: consensus alone, then with a storage of their own that the suite has certified', async (context) => {
  const { expect } = context
  const project = await emptyFolder(context)
  const first = section(read('packages/core/README.md'), 'A first program')
  const [program = ''] = blocks('ts', first)
  project.save('first.ts', program)
  const commands = blockWith('npm install', 'sh', first)
  expect(await project.run(commands)).toMatch(/the count is 40\n.*the count is 42\n$/)
  expect(existsSync(join(project.folder, 'node_modules/@raft/log-storage'))).toBe(false)

  const own = section(read('packages/conformance/README.md'), 'A storage of your own, step by step')
  for (const file of blocks('ts', own)) project.save(/^\/\/ (\S+)$/m.exec(file)?.[1] ?? '', file)
  const [journal = '', memory = ''] = [...own.matchAll(/(new Journal\(.*\))`` in the place of `(new .*?)`/g)].flatMap((found) =>
    found.slice(1),
  )
  expect(program).toContain(memory)
  project.save('first.ts', `import { Journal } from './journal.js'\n${program.replace(memory, journal)}`)
  const certified = await project.run(blocks('sh', own).join(''))
  expect(certified).toMatch(/^(# |ℹ )fail 0$/m)
  expect(Number(/^(?:# |ℹ )pass (\d+)$/m.exec(certified)?.[1])).toBeGreaterThan(30)
  expect(await project.run('node first.js')).toMatch(/the count is 40\n.*the count is 42\n$/)
  // What the journals hold is counted again.
  expect(await project.run('node first.js')).toMatch(/the count is 82\n.*the count is 84\n$/)
})

test.concurrent('who comes from raftos: three members in TypeScript that share a value and a list', async (context) => {
  const { expect } = context
  const project = await emptyFolder(context)
  const steps = section(read('docs/from-python.md'), 'Three members, step by step')
  const [install = '', start = ''] = blocks('sh', steps)
  const [member = ''] = blocks('ts', steps)
  await project.run(install)
  project.save('member.ts', member)
  await project.run(start)
  await project.terminal.until(/^n\d leads term \d+$/m)
  const [, last, list] = await project.terminal.until(/^(n\d) has counted to 3; the list is (.*)$/m)
  expect(list?.split(' ')).toContain(last)
  await project.run('kill $(jobs -p); wait')
})

test('who has read the paper: its tests, a run of the simulator, and every state of a small scope', () => {
  const commands = blocks('sh', section(read('docs/paper.md'), 'See it run'))
    .flatMap((block) => block.trim().split('\n'))
    .map((line) => /^npx pnpm@\S+ (.*?)(?: +#.*)?$/.exec(line)?.[1]?.split(' ') ?? [])
  const said = commands.map((words) => {
    const [program, ...args] = pnpm(...words)
    const { stdout, stderr, status } = spawnSync(program, args, {
      cwd: root,
      encoding: 'utf8',
      env: { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'))), NO_COLOR: '1' },
      maxBuffer: 2 ** 28,
    })
    expect([words, status, stderr]).toEqual([words, 0, expect.anything()])
    return stdout
  })
  expect(said).toHaveLength(3)
  expect(said[0]).toMatch(/Test Files +\d+ passed/)
  expect(said[1]).toMatch(/verdict: seed 7 of core keeps every promise/)
  expect(said[2]).toMatch(/^ +\d+ states, /m)
})
