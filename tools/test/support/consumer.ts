import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { root } from '../../house.mjs'

/** A folder outside the repository in which our built packages are installed, and nothing else but the types of Node. */
export class Consumer {
  readonly folder = mkdtempSync(join(tmpdir(), 'raft-consumer-'))

  constructor() {
    this.write('package.json', '{ "type": "module" }')
    for (const folder of ['packages', 'apps'].flatMap((above) => readdirSync(join(root, above)).map((name) => `${above}/${name}`))) {
      const manifest: { name: string; private?: boolean } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
      if (manifest.private !== true) this.#link(join(root, folder), manifest.name)
    }
    this.#link(join(root, 'node_modules/@types/node'), '@types/node')
  }

  write(file: string, text: string): string {
    const path = join(this.folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    return path
  }

  /** What TypeScript finds wrong with each of these files, as `file:line: message`. */
  compile(files: readonly string[], options: ts.CompilerOptions): string[] {
    const all: ts.CompilerOptions = {
      strict: true,
      noEmit: true,
      allowJs: true,
      checkJs: true,
      target: ts.ScriptTarget.ES2023,
      lib: ['lib.es2023.d.ts'],
      types: ['node'],
      ...options,
    }
    const host = ts.createCompilerHost(all)
    host.getCurrentDirectory = () => this.folder
    const paths = files.map((file) => join(this.folder, file))
    return ts.getPreEmitDiagnostics(ts.createProgram(paths, all, host)).map(({ file, start, messageText }) => {
      const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1
      return `${file?.fileName.replace(`${this.folder}/`, '')}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
    })
  }

  #link(target: string, name: string): void {
    const path = join(this.folder, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(target, path)
  }
}
