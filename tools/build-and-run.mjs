// @ts-check
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './house.mjs'

/*
 * node tools/build-and-run.mjs PROGRAM [ARGUMENTS]: builds what has changed, says what one waits for, and runs the program in
 * this very process. So a Ctrl-C reaches the program and nobody beside it, and its exit code is that of the command.
 */

/** How long a build may take without a word, in ms. */
const NOTICED_AFTER = 1500

const [program = '', ...args] = process.argv.slice(2)
const path = join(root, program)

// Ctrl-C ends the build, too: nothing has gone wrong then.
let isStopped = false
let stopBuild = () => {}
const stop = () => {
  isStopped = true
  stopBuild()
}
process.once('SIGINT', stop)
process.once('SIGTERM', stop)
const isBuilt = await build()
process.off('SIGINT', stop)
process.off('SIGTERM', stop)

if (isBuilt && !isStopped) {
  process.argv = [process.execPath, path, ...args]
  await import(pathToFileURL(path).href)
}

/** What turbo says is shown only where it fails. @returns {Promise<boolean>} whether all is built */
async function build() {
  const isFirst = !existsSync(join(root, 'packages/core/dist'))
  if (isFirst) console.log('Building all packages for the first time; this takes a minute or two …')
  const delayed = isFirst ? undefined : setTimeout(() => console.log('Building what has changed …'), NOTICED_AFTER)
  const turbo = spawn(process.execPath, [join(root, 'node_modules/turbo/bin/turbo'), 'run', 'build', '--output-logs=errors-only'], {
    cwd: root,
  })
  stopBuild = () => turbo.kill()
  let said = ''
  for (const stream of [turbo.stdout, turbo.stderr])
    stream.on('data', (chunk) => {
      said += chunk
    })
  const [code] = await once(turbo, 'close')
  clearTimeout(delayed)
  if (isStopped || code === 0) return true
  process.stderr.write(said)
  process.exitCode = code ?? 1
  return false
}
