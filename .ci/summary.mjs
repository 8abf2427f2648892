// @ts-check
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

/*
 * Prints the files that took longest, and then `N passed, N failed`, from the report of vitest whose path it is given. A file that fails as a whole, as one that
 * cannot be loaded, counts as one failure, and so does a report that is not there. Fails if anything did, or nothing ran.
 */

/** @typedef {{ name: string, startTime: number, endTime: number, status: string, assertionResults: { status: string }[] }} File */

/** How many of the files that took longest are told. */
const SLOWEST = 10

const { passed, failed, slowest } = count(process.argv[2] ?? '')
for (const { seconds, name } of slowest) console.log(`${seconds.toFixed(1).padStart(6)} s ${name}`)
console.log(`${passed} passed, ${failed} failed`)
if (failed > 0 || passed === 0) process.exitCode = 1

/** @param {string} path */
function count(path) {
  /** @type {{ numPassedTests: number, numFailedTests: number, testResults: File[] }} */
  let report
  try {
    report = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return { passed: 0, failed: 1, slowest: [] }
  }
  const failedAsAWhole = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  )
  const slowest = report.testResults
    .map(({ name, startTime, endTime }) => ({ name: relative(process.cwd(), name), seconds: (endTime - startTime) / 1000 }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, SLOWEST)
  return { passed: report.numPassedTests, failed: report.numFailedTests + failedAsAWhole.length, slowest }
}
