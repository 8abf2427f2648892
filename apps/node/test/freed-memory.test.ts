import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { expect, test } from 'vitest'

const source = readFileSync(new URL('../src/freed-memory.ts', import.meta.url), 'utf8')
const code = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.ESNext } }).outputText
const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }

/** Page faults of three processes that take 24 MB in pieces, and free them, twenty times each. */
function faults(firstOfAll: string): number {
  const program = `${code}
    const faults = () => process.resourceUsage().minorPageFault
    const useAndFree = () => {
      for (let i = 0; i < 12; i++) Buffer.allocUnsafeSlow(2_000_000).fill(1)
      gc()
    }
    ${firstOfAll}
    for (let i = 0; i < 10; i++) useAndFree()
    const before = faults()
    for (let i = 0; i < 20; i++) useAndFree()
    console.log(faults() - before)`
  const run = () => Number(execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], { encoding: 'utf8' }))
  return run() + run() + run()
}

test.skipIf(header.glibcVersionRuntime === undefined)(
  'memory that is freed is used again, and not taken from the system page by page',
  () => {
    const given = faults('')
    expect(given).toBeGreaterThan(0)
    expect(faults('keepFreedMemory()')).toBeLessThan(given / 2)
  },
)
