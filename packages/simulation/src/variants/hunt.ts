import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleRunner } from './bundle.js'
import type { RunnerReport, RunnerTask } from './runner.js'
import type { Variant } from './variant.js'

/** What became of one variant. */
export interface Finding {
  readonly variant: Variant
  readonly report: RunnerReport
}

/** Simulates the variant until an oracle is broken. @throws Error when its place in the source is gone, or the process fails */
export async function hunt(variant: Variant, seeds: readonly number[], limit: number): Promise<Finding> {
  const task = { stack: variant.stack, seeds, options: variant.options ?? {} }
  const [report] = await runBundled(variant, [task], limit)
  if (report === undefined) throw new Error(`variant "${variant.name}": no report`)
  return { variant, report }
}

/** The same simulations of sources of which none is broken. */
export function runUnbroken(tasks: readonly RunnerTask[], limit: number): Promise<RunnerReport[]> {
  return runBundled(null, tasks, limit)
}

/** @param limit real ms after which the process is killed */
async function runBundled(variant: Variant | null, tasks: readonly RunnerTask[], limit: number): Promise<RunnerReport[]> {
  const folder = await mkdtemp(join(tmpdir(), 'raft-variant-'))
  try {
    const file = join(folder, 'runner.mjs')
    await bundleRunner(variant, file)
    const output = await runProcess(file, tasks, limit, variant?.name ?? 'none')
    return output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as RunnerReport)
  } finally {
    await rm(folder, { recursive: true })
  }
}

function runProcess(file: string, tasks: readonly RunnerTask[], limit: number, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, JSON.stringify(tasks)], { timeout: limit, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text
    })
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output)
      else
        reject(new Error(`variant "${name}": the process ended with ${signal ?? code} after ${limit} ms at most: ${errors.slice(0, 2000)}`))
    })
  })
}
