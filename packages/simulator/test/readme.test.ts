import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'

/** What the README's program in this language prints. */
async function run(language: 'ts' | 'js'): Promise<string[]> {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const program = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1]
  if (program === undefined) throw new Error(`the README has no program in ${language}`)
  const path = fileURLToPath(new URL(`./.readme-${process.pid}-${language}.ts`, import.meta.url))
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
  await writeFile(path, program)
  try {
    await import(path)
  } finally {
    log.mockRestore()
    await rm(path)
  }
  return lines
}

it("the README's first program finds nothing wrong, and says what it has seen", async () => {
  const lines = await run('ts')
  expect(lines[0]).toMatch(/^50 seeds, \d+ events, [\d.]+ simulated hours$/)
  expect(lines[1]).toContain('commands acknowledged: ')
  expect(lines[2]).toContain('faults seen with each other: ')
})

it("the README's second program explores its scope", async () => {
  expect(await run('js')).toEqual(['7343 states, nothing wrong'])
})
