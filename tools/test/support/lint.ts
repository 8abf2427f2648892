import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from '../../house.mjs'

/** The files, by their paths in the repository, in which our lint finds an error. */
export function lintErrors(files: Readonly<Record<string, string>>): ReadonlySet<string> {
  const house = mkdtempSync(join(tmpdir(), 'lint-'))
  try {
    for (const file of ['biome.json', '.gitignore', 'tools/lint']) cpSync(join(root, file), join(house, file), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'))
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(house, path)), { recursive: true })
      writeFileSync(join(house, path), `${text}\n`)
    }
    const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
    const { stdout } = spawnSync(process.execPath, [biome, 'lint', '--reporter=json', '--max-diagnostics=none', '.'], {
      cwd: house,
      encoding: 'utf8',
    })
    const report: { diagnostics: { severity: string; location: { path: string } }[] } = JSON.parse(stdout)
    return new Set(report.diagnostics.filter(({ severity }) => severity === 'error').map(({ location }) => location.path))
  } finally {
    rmSync(house, { recursive: true })
  }
}

/** A path for a file that is called like this. */
export function fileIn(folder: string, name: string): string {
  return `${folder}/${name.replaceAll(/\W/g, '-')}.ts`
}
