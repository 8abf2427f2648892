import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'

/** The first program of the README, as it stands there. */
function firstProgram(): string {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const program = /```ts\n([\s\S]*?)```/.exec(readme)?.[1]
  if (program === undefined) throw new Error('the README has no program')
  return program
}

it("the README's first program counts on when its leader is stopped", async () => {
  const path = fileURLToPath(new URL(`./.readme-${process.pid}.ts`, import.meta.url))
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
  await writeFile(path, firstProgram())
  try {
    await import(path)
  } finally {
    log.mockRestore()
    await rm(path)
  }
  expect(lines).toEqual([
    expect.stringMatching(/^n[123] leads; the count is 40$/),
    expect.stringMatching(/^n[123] was stopped, n[123] leads; the count is 42$/),
  ])
})
