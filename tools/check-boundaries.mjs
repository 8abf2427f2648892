// @ts-check
import { checkBoundaries } from './boundaries.mjs'

const { modules, violations } = await checkBoundaries()
for (const { from, to, rule, comment } of violations) console.error(`${from} imports ${to} (${rule}: ${comment})`)
if (modules === 0) console.error('package boundaries: no sources found to check')
if (violations.length > 0 || modules === 0) process.exitCode = 1
else console.log(`package boundaries: ${modules} modules, no import without an arrow`)
