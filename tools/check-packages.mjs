// @ts-check
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { root } from './house.mjs'
import { pack, publicPackages } from './packages.mjs'

/*
 * Packs every public package as it would be published, lays the tarballs out as an installation does, and uses them from
 * there: publint, `import` and `require` of every export, `--version` of every program and the licences of what is bundled
 * with it, and TypeScript with the types of every export, both from a module and from CommonJS. Needs a build; writes to a
 * temporary folder only.
 */

const house = mkdtempSync(join(tmpdir(), 'packages-'))
/** @type {string[]} */
const problems = []
try {
  const packages = publicPackages()
  for (const each of packages) await install(each)
  const names = packages.flatMap(({ name, manifest }) => Object.keys(manifest.exports ?? {}).map((subpath) => name + subpath.slice(1)))
  if (names.length === 0) problems.push('no exports found to check')
  for (const name of names) use(name)
  for (const { name } of packages)
    for (const file of programsOf(name)) {
      run(join('node_modules', name, file), '--version')
      const licences = join(house, 'node_modules', name, file.replace(/js$/, 'licences.txt'))
      if (!existsSync(licences) || !/MIT License/.test(readFileSync(licences, 'utf8')))
        problems.push(`${name}: no licences of what is in ${file}`)
    }
  checkTypes(names)
  if (problems.length === 0) console.log(`package exports: ${names.length} entry points of ${packages.length} packed packages work`)
} finally {
  rmSync(house, { recursive: true, force: true })
}
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1

/** @param {import('./packages.mjs').Package} each */
async function install(each) {
  const { path, name, manifest } = each
  const tarball = pack(each, house)
  const { messages } = await publint({ pack: { tarball: new Uint8Array(readFileSync(tarball)).buffer }, strict: true })
  for (const message of messages) problems.push(`${name}: ${formatMessage(message, manifest) ?? message.code}`)
  const target = join(house, 'node_modules', name)
  mkdirSync(target, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', target])
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    if (dependency.startsWith('@raft/')) continue
    const link = join(target, 'node_modules', dependency)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(path, 'node_modules', dependency), link)
  }
}

/** The programs of a package as packed: pnpm writes into its manifest what only the published one has. @param {string} name */
function programsOf(name) {
  /** @type {{ bin?: Record<string, string> }} */
  const { bin = {} } = JSON.parse(readFileSync(join(house, 'node_modules', name, 'package.json'), 'utf8'))
  return Object.values(bin)
}

/** @param {string} name */
function use(name) {
  const programs = [`await import('${name}')`, `(await import('node:module')).createRequire(process.cwd() + '/')('${name}')`]
  for (const program of programs) run('--no-warnings', '--input-type=module', '-e', program)
}

/** @param {string[]} args of node */
function run(...args) {
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: house, encoding: 'utf8', timeout: 30_000 })
  if (status !== 0) problems.push(`node ${args.join(' ')} fails:\n${stderr}`)
}

/** @param {string[]} names */
function checkTypes(names) {
  const text = names.map((name, i) => `import * as it${i} from '${name}'\nexport { it${i} }\n`).join('')
  const files = ['use.mts', 'use.cts'].map((file) => join(house, file))
  for (const file of files) writeFileSync(file, text)
  writeFileSync(join(house, 'package.json'), '{}')
  mkdirSync(join(house, 'node_modules/@types'), { recursive: true })
  symlinkSync(join(root, 'node_modules/@types/node'), join(house, 'node_modules/@types/node'))
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023', '--types', 'node']
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...options, ...files], {
    cwd: house,
    encoding: 'utf8',
  })
  if (status !== 0) problems.push(`the types of the packed packages:\n${stdout}`)
}
