import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'

it("the README's program finds nothing wrong, and says what it has seen", async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const program = /```ts\n([\s\S]*?)```/.exec(readme)?.[1]
  if (program === undefined) throw new Error('the README has no program')
  const path = fileURLToPath(new URL(`./.readme-${process.pid}.ts`, import.meta.url))
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
  await writeFile(path, program)
  try {
    await import(path)
  } finally {
    log.mockRestore()
    await rm(path)
  }
  expect(lines[0]).toMatch(/^50 seeds, \d+ events, [\d.]+ simulated hours$/)
  expect(lines[1]).toContain('commands acknowledged: ')
  expect(lines[2]).toContain('faults seen with each other: ')
})
