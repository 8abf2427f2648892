import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { now, setTimeout } from '@raft/system'

export interface MemberProcessOptions {
  readonly id: string
  /** Path of the built `cli.js`. */
  readonly cli: string
  /** Path of cluster.json. */
  readonly config: string
  readonly directory: string
  readonly clientAddress: string
  readonly arguments?: readonly string[]
  /** A command that runs the process, as `ip netns exec NAME` does. */
  readonly launcher?: readonly string[]
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/**
 * One `raft-node start` on this machine: started, killed and started again at will. Its log goes to a file. It stops in good
 * order when this process ends, however this process ends.
 */
export class MemberProcess {
  readonly id: string
  /** `host:port` of its client address. */
  readonly clientAddress: string
  readonly dataDir: string
  readonly logFile: string
  readonly #options: MemberProcessOptions
  #child: ChildProcess | null = null
  #exited: Promise<Exit> = Promise.resolve({ code: null, signal: null })

  constructor(options: MemberProcessOptions) {
    this.#options = options
    this.id = options.id
    this.clientAddress = options.clientAddress
    this.dataDir = join(options.directory, options.id)
    this.logFile = join(options.directory, `${options.id}.log`)
  }

  get url(): string {
    return `http://${this.clientAddress}`
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get running(): boolean {
    return this.#child !== null
  }

  /** What it has written to stderr, in all its lives. */
  get log(): string {
    return readFileSync(this.logFile, 'utf8')
  }

  /** Fulfilled with how its last life ended. */
  get exited(): Promise<Exit> {
    return this.#exited
  }

  /** Starts the process; it may take a moment until it answers: see `ready`. */
  start(): void {
    if (this.#child !== null) throw new Error(`${this.id} runs already`)
    const { id, cli, config } = this.#options
    appendFileSync(this.logFile, '')
    const log = openSync(this.logFile, 'a')
    const flags = ['--id', id, '--config', config, '--data-dir', this.dataDir, ...(this.#options.arguments ?? [])]
    const [command, ...args] = [...(this.#options.launcher ?? []), process.execPath, cli, 'start', ...flags]
    // A group of its own, so that Ctrl-C in a terminal reaches this process alone, which then stops it in good order. The channel
    // tells it when this process has ended in another way.
    const child = spawn(command as string, args, { stdio: ['ignore', 'ignore', log, 'ipc'], detached: true })
    closeSync(log)
    this.#child = child
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#child = null
        resolve({ code, signal })
      })
      child.once('error', () => {
        this.#child = null
        resolve({ code: null, signal: null })
      })
    })
  }

  /** Sends a signal; SIGKILL is a crash, SIGSTOP a pause until SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** Ends it with the signal, and waits until it has ended. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<Exit> {
    this.signal(signal)
    if (signal === 'SIGKILL') this.signal('SIGCONT')
    return this.#exited
  }

  /** Until it says that it can serve. @throws Error with the end of its log when it has ended, or `timeout` ms have passed */
  async ready(timeout = 20_000): Promise<void> {
    const deadline = now() + timeout
    while (this.#child !== null && now() < deadline) {
      const response = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2000) }).catch(() => null)
      await response?.arrayBuffer()
      if (response?.ok === true) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`${this.id} does not serve: ${this.log.trimEnd().split('\n').slice(-20).join('\n')}`)
  }

  /** What GET of this path answers, as JSON. @throws Error when it is not 200 */
  async getJson(path: string, timeout = 10_000): Promise<unknown> {
    const response = await fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(timeout) })
    const body = await response.text()
    if (!response.ok) throw new Error(`${this.id} answered ${response.status} to ${path}: ${body}`)
    return JSON.parse(body)
  }
}
