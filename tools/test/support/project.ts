import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'vitest'
import { root } from '../../house.mjs'
import { Terminal } from './terminal.js'

const TYPESCRIPT = /^npm install --save-dev typescript@5 @types\/node@20$/gm

/** An empty folder beside a checkout of which there is nothing but the tarballs and the examples. It is removed with the test. */
export class Project {
  readonly folder: string
  readonly terminal: Terminal
  readonly #ports: ReadonlyMap<string, number>

  /**
   * @param test with which it ends
   * @param ports those to take for the ports that the documents show
   */
  constructor(test: TestContext, tarballs: string, ports: ReadonlyMap<string, number> = new Map()) {
    const place = mkdtempSync(join(tmpdir(), 'raft-first-hour-'))
    this.folder = join(place, 'project')
    this.#ports = ports
    for (const folder of ['project', 'raft']) mkdirSync(join(place, folder))
    symlinkSync(tarballs, join(place, 'raft/tarballs'))
    symlinkSync(join(root, 'examples'), join(place, 'raft/examples'))
    // Runs after the terminal has ended.
    test.onTestFinished(() => rmSync(place, { recursive: true, force: true }))
    this.terminal = new Terminal(test, this.folder)
  }

  /** Types commands of a document. The compiler, which is large, is the one of the workspace. */
  async run(commands: string): Promise<string> {
    const parts = this.#here(commands).split(TYPESCRIPT)
    let said = ''
    for (const [i, part] of parts.entries()) {
      if (i > 0) this.#linkTypeScript()
      if (part.trim() !== '') said += await this.terminal.run(part)
    }
    return said
  }

  /** Saves a program of a document. */
  save(name: string, program: string): void {
    writeFileSync(join(this.folder, name), this.#here(program))
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8')
  }

  #here(text: string): string {
    return text.replace(/(?<=127\.0\.0\.1:)\d+/g, (port) => String(this.#ports.get(port) ?? port))
  }

  #linkTypeScript(): void {
    const modules = join(this.folder, 'node_modules')
    for (const folder of ['@types', '.bin']) mkdirSync(join(modules, folder), { recursive: true })
    for (const name of ['typescript', '@types/node']) symlinkSync(realpathSync(join(root, 'node_modules', name)), join(modules, name))
    symlinkSync('../typescript/bin/tsc', join(modules, '.bin/tsc'))
  }
}
