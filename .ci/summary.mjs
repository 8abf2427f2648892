// @ts-check
import { readFileSync } from 'node:fs'

/*
 * Prints `N passed, N failed` from the report of vitest whose path it is given. A file that fails as a whole, as one that
 * cannot be loaded, counts as one failure, and so does a report that is not there. Fails if anything did, or nothing ran.
 */

/** @typedef {{ status: string, assertionResults: { status: string }[] }} File */

const { passed, failed } = count(process.argv[2] ?? '')
console.log(`${passed} passed, ${failed} failed`)
if (failed > 0 || passed === 0) process.exitCode = 1

/** @param {string} path */
function count(path) {
  /** @type {{ numPassedTests: number, numFailedTests: number, testResults: File[] }} */
  let report
  try {
    report = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return { passed: 0, failed: 1 }
  }
  const failedAsAWhole = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  )
  return { passed: report.numPassedTests, failed: report.numFailedTests + failedAsAWhole.length }
}
