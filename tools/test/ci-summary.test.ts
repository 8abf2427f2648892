import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { root } from '../house.mjs'

const folder = mkdtempSync(join(tmpdir(), 'summary-'))
afterAll(() => rmSync(folder, { recursive: true }))

function summary(report: unknown): { lines: string[]; line: string; status: number | null } {
  const path = join(folder, 'report.json')
  writeFileSync(path, typeof report === 'string' ? report : JSON.stringify(report))
  const { stdout, status } = spawnSync(process.execPath, [join(root, '.ci/summary.mjs'), path], { encoding: 'utf8' })
  const lines = stdout.trimEnd().split('\n')
  return { lines, line: `${lines.at(-1)}\n`, status }
}

const file = (...statuses: string[]) => ({
  name: join(process.cwd(), 'a.test.ts'),
  startTime: 0,
  endTime: 1500,
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
  expect(summary(report)).toMatchObject({ line, status })
})

test('before it stand the ten files that took longest, the longest first', () => {
  const took = (seconds: number) => ({ ...file('passed'), name: join(process.cwd(), `${seconds}.test.ts`), endTime: seconds * 1000 })
  const { lines } = summary({ numPassedTests: 12, numFailedTests: 0, testResults: Array.from({ length: 12 }, (_, i) => took(i + 1)) })
  expect(lines).toHaveLength(11)
  expect(lines.slice(0, 2)).toEqual(['  12.0 s 12.test.ts', '  11.0 s 11.test.ts'])
  expect(lines.at(-2)).toBe('   3.0 s 3.test.ts')
  expect(lines.at(-1)).toBe('12 passed, 0 failed')
})
