import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../house.mjs'
import { fileIn, lintErrors } from './support/lint.js'

/* Timers and clocks are taken once, at import, so that fake timers of an application's tests reach none of our packages. */

const FOLDERS = [
  'apps/node',
  ...['client', 'commands', 'conformance', 'log-storage', 'simulator', 'state-machine', 'udp-transport', 'system'].map(
    (name) => `packages/${name}`,
  ),
].map((folder) => `${folder}/src`)

const BANNED = {
  'a timer': 'setTimeout(() => {}, 1)',
  'an interval': 'setInterval(() => {}, 1)',
  'an immediate': 'setImmediate(() => {})',
  'a timer called off': 'clearTimeout(undefined)',
  'an interval called off': 'clearInterval(undefined)',
  'an immediate called off': 'clearImmediate(undefined)',
  'a microtask': 'queueMicrotask(() => {})',
  'the next tick': 'process.nextTick(() => {})',
  'the high-resolution time': 'export const banned = process.hrtime.bigint()',
  'a clock': 'export const banned = performance.now()',
  'a clock by another way': "import { performance } from 'node:perf_hooks'\nexport const banned = performance.now()",
  'the date': 'export const banned = Date.now()',
  'a new date': 'export const banned = new Date()',
  'a module of timers': "import { setTimeout } from 'node:timers'\nexport const banned = setTimeout",
  'a module of promises': "import { setTimeout } from 'node:timers/promises'\nexport const banned = setTimeout",
  globalThis: "export const banned = globalThis['setTimeout']",
}

const ALLOWED = {
  'timers of the system': "import { now, setTimeout } from '@raft/system'\nexport const fine = () => setTimeout(now, 1)",
  'a clock that is passed in': 'export const fine = (clock: { now(): number }) => clock.now()',
  'a timeout of a socket': 'export const fine = (socket: { setTimeout(ms: number): void }) => socket.setTimeout(1)',
  'a signal with a timeout': 'export const fine = AbortSignal.timeout(1)',
}

/** Each takes them once, for a package that has no other to take them from. */
const TAKES_THEM = [
  'packages/system/src/environment.ts',
  'packages/client/src/system.ts',
  'packages/conformance/src/waiting.ts',
  'packages/simulator/src/world/turns.ts',
]

const failing = lintErrors({
  ...Object.fromEntries(
    FOLDERS.flatMap((folder) => Object.entries({ ...BANNED, ...ALLOWED }).map(([name, text]) => [fileIn(folder, name), text])),
  ),
  ...Object.fromEntries(TAKES_THEM.map((path) => [path, "import * as timers from 'node:timers'\nexport const { setTimeout } = timers"])),
  'apps/node/test/timers.ts': 'setTimeout(() => {}, 1)',
})

test.each(Object.keys(BANNED))('lint fails for %s in the sources of every package', (name) => {
  expect(FOLDERS.filter((folder) => !failing.has(fileIn(folder, name)))).toEqual([])
})

test.each(Object.keys(ALLOWED))('lint passes %s', (name) => {
  expect(FOLDERS.filter((folder) => failing.has(fileIn(folder, name)))).toEqual([])
})

test.each(TAKES_THEM)('lint passes %s, which takes them once', (path) => {
  expect(existsSync(join(root, path))).toBe(true)
  expect(failing.has(path)).toBe(false)
})

test('lint passes timers in tests', () => {
  expect(failing.has('apps/node/test/timers.ts')).toBe(false)
})
