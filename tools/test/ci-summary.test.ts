import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { root } from '../house.mjs'

const folder = mkdtempSync(join(tmpdir(), 'summary-'))
afterAll(() => rmSync(folder, { recursive: true }))

function summary(report: unknown): { line: string; status: number | null } {
  const path = join(folder, 'report.json')
  writeFileSync(path, typeof report === 'string' ? report : JSON.stringify(report))
  const { stdout, status } = spawnSync(process.execPath, [join(root, '.ci/summary.mjs'), path], { encoding: 'utf8' })
  return { line: stdout, status }
}

const file = (...statuses: string[]) => ({
  status: statuses.includes('failed') || statuses.length === 0 ? 'failed' : 'passed',
  assertionResults: statuses.map((status) => ({ status })),
})

test.each([
  ['all tests passed', { numPassedTests: 2, numFailedTests: 0, testResults: [file('passed', 'passed')] }, '2 passed, 0 failed\n', 0],
  ['one failed', { numPassedTests: 1, numFailedTests: 1, testResults: [file('passed', 'failed')] }, '1 passed, 1 failed\n', 1],
  [
    'a file could not be loaded',
    { numPassedTests: 1, numFailedTests: 0, testResults: [file('passed'), file()] },
    '1 passed, 1 failed\n',
    1,
  ],
  ['no test ran', { numPassedTests: 0, numFailedTests: 0, testResults: [] }, '0 passed, 0 failed\n', 1],
  ['there is no report', 'killed before it was writ', '0 passed, 1 failed\n', 1],
])('the last line of CI counts, and its status tells, when %s', (_, report, line, status) => {
  expect(summary(report)).toEqual({ line, status })
})
