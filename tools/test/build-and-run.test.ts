import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { root } from '../house.mjs'

/** A checkout whose build is this program, and whose program says what it was given. */
function checkout(turbo: string, { isBuilt = false } = {}) {
  const place = mkdtempSync(join(tmpdir(), 'raft-build-and-run-'))
  onTestFinished(() => rmSync(place, { recursive: true, force: true }))
  const files: Record<string, string> = {
    'package.json': '{ "type": "module" }',
    'node_modules/turbo/bin/turbo': turbo,
    'program.mjs': 'console.log("runs with", ...process.argv.slice(2))',
    ...(isBuilt ? { 'packages/core/dist/index.js': '' } : {}),
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(place, path)), { recursive: true })
    writeFileSync(join(place, path), text)
  }
  mkdirSync(join(place, 'tools'))
  for (const tool of ['tools/build-and-run.mjs', 'tools/house.mjs']) copyFileSync(join(root, tool), join(place, tool))
  return place
}

function start(place: string) {
  const child = spawn(process.execPath, ['tools/build-and-run.mjs', 'program.mjs', 'a', 'b'], { cwd: place })
  onTestFinished(() => void child.kill('SIGKILL'))
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    said.out += chunk
  })
  child.stderr.on('data', (chunk) => {
    said.err += chunk
  })
  return { child, said, ended: once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]> }
}

const FIRST = 'Building all packages for the first time; this takes a minute or two …\n'

test('the first build says what one waits for, and what turbo says is left out', async () => {
  const { said, ended } = start(checkout('console.log("turbo 1.2.3"); console.error("11 packages")'))
  expect(await ended).toEqual([0, null])
  expect(said).toEqual({ out: `${FIRST}runs with a b\n`, err: '' })
})

test('a later build that takes its time says that it builds', async () => {
  // Ends when it is told, which is when the line was seen.
  const { child, said, ended } = start(checkout('setInterval(() => {}, 1000)', { isBuilt: true }))
  await once(child.stdout, 'data')
  expect(said.out).toBe('Building what has changed …\n')
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
})

test('a build that fails is shown, and nothing is run', async () => {
  const { said, ended } = start(checkout('console.log("what is wrong"); process.exitCode = 3'))
  expect(await ended).toEqual([3, null])
  expect(said).toEqual({ out: FIRST, err: 'what is wrong\n' })
})

test('Ctrl-C while it builds ends the build and runs nothing, and nothing has gone wrong', async () => {
  const { child, said, ended } = start(checkout('process.on("SIGINT", () => {}); setInterval(() => {}, 1000)'))
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  expect(await ended).toEqual([0, null])
  expect(said).toEqual({ out: FIRST, err: '' })
})
