import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { stacks } from '../../src/index.js'
import type { LedgerRow } from '../../src/ledger/ledger.js'

const COMMAND = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function simulate(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

describe('pnpm simulate', () => {
  it.each(stacks)('gives the same trace for the same seed in two processes: $name', async (stack) => {
    const [first, second] = await Promise.all([
      simulate('--stack', stack.name, '--seed', '5'),
      simulate('--stack', stack.name, '--seed', '5'),
    ])
    expect(first).toEqual(second)
    const { hash, events } = await stack.simulate({ seed: 5 })
    expect(first.stdout).toContain(`${events} events`)
    expect(first.stdout).toContain(`trace ${hash.toString(16)}\n`)
  })

  it('prints every event of a seed, and leaves faults out', async () => {
    const { code, stdout } = await simulate('--seed', '5', '--trace', '--only', 'none', '--calm', 'loss,duplication')
    expect(code).toBe(0)
    expect(stdout).toMatch(/0\.00 {2}a starts/)
    expect(stdout).toMatch(/appendEntries/)
    expect(stdout).not.toMatch(/fault \d/)
    expect(stdout).toMatch(/\nverdict: seed 5 of core keeps every promise\n$/)
  })

  it('runs many seeds in two processes', async () => {
    const { code, stdout } = await simulate('--seeds', '20', '--from', '100', '--jobs', '2')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^20 seeds, \d+ events, .* simulated hours$/m)
    expect(stdout).toMatch(/events a second of real time, in 2 processes/)
    expect(stdout).toMatch(/\nverdict: every promise was kept, in 20 of 20 seeds of core from 100 on\n$/)
  })

  it('fails when one of its processes dies', async () => {
    const batch = spawn(process.execPath, [COMMAND, '--seeds', '100000', '--jobs', '2'], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    batch.stderr.on('data', (data) => {
      said += data
    })
    let children: number[] = []
    while (children.length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      children = readFileSync(`/proc/${batch.pid}/task/${batch.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
    }
    for (const child of children) process.kill(child)
    const [code] = await once(batch, 'close')
    expect(code).not.toBe(0)
    expect(said).toMatch(/a process that simulates seeds from [12] on ended with SIGTERM/)
  })

  it('adds what it has simulated to a ledger, each time behind the seeds of the last', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'raft-ledger-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const ledger = join(folder, 'ledger.json')
    writeFileSync(ledger, '[]')
    const args = ['--stack', 'core', '--seeds', '3', '--jobs', '2', '--ledger', ledger]
    const { stdout } = await simulate(...args)
    await simulate(...args)
    const rows = JSON.parse(readFileSync(ledger, 'utf8')) as LedgerRow[]
    expect(rows.map(({ stack, from, to, clusters, violations }) => [stack, from, to, clusters, violations])).toEqual([
      ['core', 10_000_000, 10_000_002, 3, []],
      ['core', 10_000_003, 10_000_005, 3, []],
    ])
    expect(stdout).toContain(`3 seeds, ${rows[0]?.events} events, `)
    expect(await simulate('--ledger', ledger)).toMatchObject({ code: 1, stderr: expect.stringContaining('--ledger needs --minutes') })
  })

  it('says what is wrong with a flag', async () => {
    expect(await simulate('--stack', 'nonsense')).toMatchObject({ code: 1, stderr: expect.stringContaining('Allowed choices are core, ') })
    expect(await simulate('--seed', 'x')).toMatchObject({ code: 1, stderr: expect.stringContaining('a whole number') })
    expect(await simulate('--seed', '1', '--calm', 'sea')).toMatchObject({ code: 1, stderr: expect.stringContaining('none of loss') })
  })
})
