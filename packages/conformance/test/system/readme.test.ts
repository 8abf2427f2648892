import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test("the README's example certifies a backend under node:test, with the package as built", () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const program = /```ts\n([\s\S]*?)```/.exec(readme)?.[1]
  if (program === undefined) throw new Error('the README has no program')
  const path = fileURLToPath(new URL(`./.readme-${process.pid}.mjs`, import.meta.url))
  writeFileSync(path, program)
  try {
    const { stdout, status } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', path], { encoding: 'utf8', timeout: 60_000 })
    expect(stdout).toMatch(/^# fail 0$/m)
    expect(stdout).toMatch(/^# skipped 5$/m)
    expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(30)
    expect(status).toBe(0)
  } finally {
    rmSync(path)
  }
})
