import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../house.mjs'

const BANNED = {
  'the date': 'export const banned = Date.now()',
  'a new date': 'export const banned = new Date()',
  'another clock': 'export const banned = performance.now()',
  'a timer': 'setTimeout(() => {}, 1)',
  'an interval': 'setInterval(() => {}, 1)',
  'an immediate': 'setImmediate(() => {})',
  'a microtask': 'queueMicrotask(() => {})',
  'the next tick': 'process.nextTick(() => {})',
  'the environment': 'export const banned = process.env',
  'a Node module': "import { readFileSync } from 'node:fs'\nexport const banned = readFileSync",
  'a Buffer': 'export const banned = Buffer.alloc(1)',
  'the console': "console.log('banned')",
  'Math.random': 'export const banned = Math.random()',
  'Math.random, quoted': "export const banned = Math['random']()",
  'Math.random, computed': "export const banned = Math['ran' + 'dom']()",
  'Math by another name': 'const mathematics = Math\nexport const banned = mathematics.random()',
  'Math taken apart': 'const { random } = Math\nexport const banned = random()',
  'Math as an argument': 'export const banned = Object.values(Math)',
  'random bytes': 'export const banned = crypto.getRandomValues(new Uint8Array(1))',
  globalThis: "export const banned = globalThis['Date']",
  eval: "export const banned = eval('Date')",
  'the constructor of functions': "export const banned = new Function('return Date')",
  Reflect: "export const banned = Reflect.get(Object, 'keys')",
  'a weak reference': 'export const banned = new WeakRef({})',
}

const ALLOWED = {
  'the other functions of Math': 'export const fine = Math.max(1, Math.floor(2.5))',
  'a clock that is passed in': 'export const fine = (now: () => number) => now()',
  'randomness that is passed in': 'export const fine = (random: () => number) => random()',
}

const house = mkdtempSync(join(tmpdir(), 'lint-'))
const failing = new Set<string>()
const fileOf = (folder: string, name: string) => `${folder}/${name.replaceAll(/\W/g, '-')}.ts`

function write(path: string, text: string): void {
  mkdirSync(dirname(join(house, path)), { recursive: true })
  writeFileSync(join(house, path), `${text}\n`)
}

beforeAll(() => {
  for (const file of ['biome.json', '.gitignore', 'tools/lint']) cpSync(join(root, file), join(house, file), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'))
  for (const [name, text] of Object.entries({ ...BANNED, ...ALLOWED })) write(fileOf('packages/core/src', name), text)
  write('apps/node/src/clock.ts', 'export const now = () => Date.now() + Math.random()')
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const { stdout } = spawnSync(process.execPath, [biome, 'lint', '--reporter=json', '--max-diagnostics=none', '.'], {
    cwd: house,
    encoding: 'utf8',
  })
  const report: { diagnostics: { severity: string; location: { path: string } }[] } = JSON.parse(stdout)
  for (const { severity, location } of report.diagnostics) if (severity === 'error') failing.add(location.path)
})

afterAll(() => rmSync(house, { recursive: true }))

test.each(Object.keys(BANNED))('lint fails for %s in the sources of core', (name) => {
  expect(failing).toContain(fileOf('packages/core/src', name))
})

test.each(Object.keys(ALLOWED))('lint passes %s in the sources of core', (name) => {
  expect(failing).not.toContain(fileOf('packages/core/src', name))
})

test('lint passes clocks and randomness outside core', () => {
  expect(failing).not.toContain('apps/node/src/clock.ts')
})
