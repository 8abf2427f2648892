import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, release, totalmem, type } from 'node:os'

/** The machine and the versions that the figures depend on, one a line. `directory` says which disk. */
export function describeMachine(directory: string, packages: readonly string[] = [], programs: readonly string[] = []): string[] {
  const processors = cpus()
  return [
    `${processors.length} x ${processors[0]?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    `${type()} ${release()}, file system ${fileSystemOf(directory)}`,
    `Node ${process.versions.node}, V8 ${process.versions.v8}`,
    ...packages.map((name) => `${name} ${versionOf(name)}`),
    ...programs.map(versionOfProgram),
  ]
}

function fileSystemOf(directory: string): string {
  try {
    return execFileSync('df', ['--output=fstype', directory], { encoding: 'utf8' }).trim().split('\n').at(-1) ?? 'unknown'
  } catch {
    return 'unknown'
  }
}

/** From the package.json of an installed package; packages do not all export theirs. */
function versionOf(name: string): string {
  const entry = createRequire(import.meta.url).resolve(name)
  const folder = `/node_modules/${name}/`
  const { version } = JSON.parse(readFileSync(`${entry.slice(0, entry.lastIndexOf(folder) + folder.length)}package.json`, 'utf8')) as {
    version: string
  }
  return version
}

/** What the program says of itself, its first line; `wrk` says it on its way to an error. */
function versionOfProgram(name: string): string {
  try {
    return firstLine(execFileSync(name, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }))
  } catch (error) {
    const said = (error as { stdout?: string }).stdout
    return said ? firstLine(said) : `${name}: not installed`
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? ''
}
