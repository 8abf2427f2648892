import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { report } from '../../src/figure.js'

/** As it was built, since it starts processes of its own. */
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

const directory = mkdtempSync(join(tmpdir(), 'raft-bench-test-'))
afterEach(() => rmSync(directory, { recursive: true, force: true }))

test('clusters of real processes are measured, what was asked for is recorded, and nothing is left behind', async () => {
  const file = join(directory, 'report.json')
  const flags = ['cluster', '--only', 'reads', 'fail-over', '--rounds', '1', '--seconds', '0.2', '--dir', directory, '--json', file]
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...flags])
  const [measured] = z.array(report).parse(JSON.parse(readFileSync(file, 'utf8')))
  const found = new Map(measured?.figures.map(({ what, at, x, rounds }) => [`${what}|${at}|${x?.value ?? ''}`, rounds]))
  expect([...found.keys()]).toEqual(
    expect.arrayContaining([
      'linearizable reads/s|128 B, 1000 outstanding, nothing but reads|',
      'operations/s|128 B, 1000 outstanding|50',
      'p99 latency, ms|128 B, 1000 outstanding|90',
      'leader collects garbage, ms a second|128 B, 1000 outstanding|0',
      'kill -9 of the leader to the next acknowledged write, ms|default timings|',
    ]),
  )
  for (const [name, [value]] of found) expect(value, name).toBeGreaterThanOrEqual(0)
  expect(measured?.ratios).toMatchObject([{ of: 'raft', to: null, aim: { atMost: 400 } }])
  expect(measured?.command).toBe(`pnpm bench ${flags.join(' ')}`)
  expect(stdout).toContain('linearizable reads/s')
  expect(readdirSync(directory)).toEqual(['report.json'])
})
