// @ts-check
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { root } from './house.mjs'

/*
 * `pnpm check`: the types of the packages first, for which turbo builds and takes all processors, and then the other checks at the same
 * time, as many as there are processors. They look at what is built, so nothing else may build then. What each says is printed whole when
 * it has ended, with the seconds that it took. All run to their end, whichever fail.
 */

const bin = (/** @type {string} */ path) => join(root, 'node_modules', path)
/** The longest first. @type {readonly (readonly [name: string, args: readonly string[]])[]} */
const CHECKS = [
  ['packed packages', ['tools/check-packages.mjs']],
  ['format and lint', [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings']],
  ['package boundaries', ['tools/check-boundaries.mjs']],
  ['types of the tools', [bin('typescript/bin/tsc'), '-p', 'tools']],
  ['unused code', [bin('knip/bin/knip.js'), '--no-progress']],
]

await check('types of the packages', [bin('turbo/bin/turbo'), 'run', 'types', '--output-logs=errors-only'])
const left = [...CHECKS]
await Promise.all(Array.from({ length: availableParallelism() }, work))

async function work() {
  for (let next = left.shift(); next !== undefined; next = left.shift()) await check(...next)
}

/** @param {string} name @param {readonly string[]} args of node @returns {Promise<void>} */
function check(name, args) {
  const startedAt = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        said += text
      })
    child.once('error', reject)
    child.once('close', (code) => {
      const isPassed = code === 0
      if (!isPassed) process.exitCode = 1
      console.log(`${name}: ${isPassed ? 'passed' : 'FAILED'} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
      if (said.trim() !== '') console.log(said.trimEnd())
      resolve()
    })
  })
}
