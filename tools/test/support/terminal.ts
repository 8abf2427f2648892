import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'vitest'

/** What a person types and sees: a bash with jobs, in one folder. What still runs in it ends with the test. */
export class Terminal {
  readonly #shell: ChildProcess
  /** What came on stdout, and on stderr, where members log whenever something happens. */
  readonly #said = { stdout: '', stderr: '' }
  #heard = () => {}
  #commands = 0
  /** Process groups of the jobs that ran after the last command. */
  #jobs: number[] = []

  constructor(test: TestContext, folder: string) {
    // A group of its own: where bash has no job control, for want of a terminal, its jobs are in the group of the shell.
    this.#shell = spawn('bash', ['-m'], { cwd: folder, env: environment(), stdio: ['pipe', 'pipe', 'pipe'], detached: true })
    for (const name of ['stdout', 'stderr'] as const)
      this.#shell[name]?.setEncoding('utf8').on('data', (text: string) => {
        this.#said[name] += text
        this.#heard()
      })
    this.#shell.once('exit', () => this.#heard())
    test.onTestFinished(() => this.#close())
  }

  /** Types this, and waits until its last command has ended. @returns what came on stdout @throws Error unless it ended with 0 */
  async run(text: string): Promise<string> {
    const from = this.#said.stdout.length
    this.#commands += 1
    const mark = `--- ${this.#commands} ended with`
    this.#shell.stdin?.write(`${text.trimEnd()}\necho "${mark} $? $(jobs -p | xargs)"\n`)
    const [ended, code, jobs] = await this.until(new RegExp(`${mark} (\\d+) (.*)\\n`))
    this.#jobs = (jobs ?? '').split(' ').filter(Boolean).map(Number)
    const said = this.#said.stdout.slice(from).replace(ended, '')
    if (code !== '0') throw new Error(`${text}\nended with ${code}:\n${said}\n${this.#said.stderr}`)
    return said
  }

  /** Waits until this is found in all that came. */
  async until(pattern: RegExp, where: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#said[where])
      if (found !== null) return found
      if (this.#shell.exitCode !== null) throw new Error(`the shell has ended without ${pattern}:\n${this.#said[where]}`)
      await new Promise<void>((resolve) => {
        this.#heard = resolve
      })
    }
  }

  async #close(): Promise<void> {
    const { pid, exitCode } = this.#shell
    if (pid === undefined) return
    const ended = once(this.#shell, 'exit')
    for (const group of [...this.#jobs, pid]) kill(-group)
    if (exitCode === null) await ended
  }
}

function kill(id: number): void {
  try {
    process.kill(id, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** That of this process, without what pnpm and vitest have put there: nothing of the workspace may be found by it. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_)|pnpm|vitest|NODE_(PATH|OPTIONS|ENV)$|INIT_CWD$)/i.test(name),
  )
  const path = (process.env['PATH'] ?? '').split(':').filter((folder) => !folder.includes('node_modules'))
  // What was downloaded once is not asked for again.
  return { ...Object.fromEntries(kept), PATH: path.join(':'), npm_config_prefer_offline: 'true', npm_config_audit: 'false' }
}
