import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, release, totalmem, type } from 'node:os'
import { join } from 'node:path'

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

/** Packages of the house that bring what is measured. */
const BRINGERS = ['@raft/log-storage', '@raft/state-machine']

/** From the package.json, which packages do not all export, and which is found without what they do export. */
function versionOf(name: string): string {
  const here = createRequire(import.meta.url)
  const folders = [here, ...BRINGERS.map((bringer) => createRequire(here.resolve(bringer)))].flatMap(
    (from) => from.resolve.paths(name) ?? [],
  )
  const file = folders.map((folder) => join(folder, name, 'package.json')).find((path) => existsSync(path))
  if (file === undefined) return 'not installed'
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
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
