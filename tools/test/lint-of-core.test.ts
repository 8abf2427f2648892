import { expect, test } from 'vitest'
import { fileIn, lintErrors } from './support/lint.js'

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

const fileOf = (name: string) => fileIn('packages/core/src', name)
const failing = lintErrors({
  ...Object.fromEntries(Object.entries({ ...BANNED, ...ALLOWED }).map(([name, text]) => [fileOf(name), text])),
  'apps/node/test/clock.ts': 'export const now = () => Date.now() + Math.random()',
})

test.each(Object.keys(BANNED))('lint fails for %s in the sources of core', (name) => {
  expect(failing).toContain(fileOf(name))
})

test.each(Object.keys(ALLOWED))('lint passes %s in the sources of core', (name) => {
  expect(failing).not.toContain(fileOf(name))
})

test('lint passes clocks and randomness outside core', () => {
  expect(failing).not.toContain('apps/node/test/clock.ts')
})
