import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

/** As it was built, since its exit code counts. */
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const RECORDED = fileURLToPath(new URL('../report/cluster.json', import.meta.url))

const directory = mkdtempSync(join(tmpdir(), 'raft-bench-test-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function bench(...flags: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...flags], { encoding: 'utf8' })
  return { status, stdout, stderr }
}

test('a page is made of what was recorded', () => {
  const out = join(directory, 'page.md')
  expect(bench('report', RECORDED, '--out', out)).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(readFileSync(out, 'utf8')).toMatch(/^# Performance\n[\s\S]*\(page\/cluster-node-20-aims\.svg\)/)
  expect(existsSync(join(directory, 'page/cluster-node-20-aims.svg'))).toBe(true)
})

test('a file that is no report is told in one line, with exit code 1', () => {
  const file = join(directory, 'broken.json')
  writeFileSync(file, '[1,')
  const { status, stdout, stderr } = bench('report', file, '--out', join(directory, 'none.md'))
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toMatch(/^error: \S+broken\.json is no JSON: .+\n$/)
  expect(existsSync(join(directory, 'none.md'))).toBe(false)
})

test.each([
  [['cluster', '--rounds', '0'], "'0' is invalid. must be a whole number above 0"],
  [['cluster', '--rounds', '1.5'], "'1.5' is invalid. must be a whole number above 0"],
  [['cluster', '--seconds', '-1'], "'-1' is invalid. must be a number above 0"],
  [['cluster', '--seconds', 'Infinity'], "'Infinity' is invalid. must be a number above 0"],
  [['cluster', '--only', 'nothing'], "'nothing' is invalid. Allowed choices are"],
  [['cluster', '--outstanding', '3'], "unknown option '--outstanding'"],
  [['report'], "missing required argument 'files'"],
  [['dance'], "unknown command 'dance'"],
])('%j is refused in one line, before anything is measured', (flags, reason) => {
  const { status, stdout, stderr } = bench(...flags)
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toContain(reason)
  expect(stderr.trim().split('\n')).toHaveLength(1)
})

test('messages between two processes are measured', () => {
  const { status, stdout } = bench('transport', '--rounds', '1', '--seconds', '0.05', '--dir', directory)
  expect(status).toBe(0)
  for (const name of ['bare sockets', '32,768 bytes each', '5 % lost', '1,200 bytes a datagram']) expect(stdout).toContain(name)
})
