import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('../..', import.meta.url))

test('the example of the README runs as it stands, on the built package', () => {
  const example = /```js\n(.*?)```/s.exec(readFileSync(`${folder}/README.md`, 'utf8'))?.[1] ?? ''
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-'], { cwd: folder, input: example, encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(stdout).toContain('true 2\n2,102,650\n')
})
